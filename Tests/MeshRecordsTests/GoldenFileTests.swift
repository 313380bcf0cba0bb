import Foundation
import MeshCore
import MeshRecords
import Testing

/// `Fixtures/golden`: what Cilium writes, one value a file, byte for byte.
@Suite("Records: golden files")
struct GoldenFileTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/golden")

    private static func value(_ file: String) throws -> [UInt8] {
        var bytes = Array(try Data(contentsOf: root.appendingPathComponent(file)))
        // The line's end is the file's, not the value's.
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return bytes
    }

    /// The files of records, and the key of each.
    private static let records: [String: String] = [
        "node-nulls.json": "nodes/v1/eu-west/worker-2",
        "node-dual-stack.json": "nodes/v1/eu-west/worker-3",
        "service-headless.json": "services/v1/eu-west/shop/db",
        "service-unshared.json": "services/v1/eu-west/shop/internal",
        "ip-cidr.json": "ip/v1/default/10.12.0.0/16",
        "ip-host.json": "ip/v1/default/172.20.0.11",
        "ip-named-ports.json": "ip/v1/default/fd00:12:3::45",
        "identity-unicode.txt": "identities/v1/id/199473",
        "service-export-headless.json": "serviceexports/v1/eu-west/shop/db",
        "service-export-without-ports.json": "serviceexports/v1/eu-west/shop/db",
    ]
    private static let configs = ["config-cached.json", "config-plain.json"]

    @Test(arguments: records.sorted { $0.key < $1.key })
    func aRecordIsTakenAndWrittenAgainByteForByte(file: String, key: String) throws {
        let value = try Self.value(file)
        let key = Key("cilium/state/" + key)
        let record = try euWest().decode(key: key, value: value[...]).get()
        #expect(text(record.encoded()) == text(value))
        #expect(record.key.key(in: try ClusterName("eu-west")) == key)
    }

    @Test(arguments: configs)
    func aConfigIsReadAndWrittenAgainByteForByte(file: String) throws {
        let value = try Self.value(file)
        #expect(text(try ClusterConfig(decoding: value).encoded()) == text(value))
    }

    @Test func newerFormsOfANodeAreReadAndWrittenAsOlderReadersKnowThem() throws {
        let newer = try NodeRecord(decoding: Self.value("read/node-dual-stack.json"))
        #expect(text(newer.encoded()) == text(try Self.value("node-dual-stack.json")))
        #expect(newer.ipv6SecondaryAllocationCIDRs == [try IPPrefix("fd00:13::/48")])
        #expect(newer.labels["a.example/html"] == "<b>&</b>")
        #expect(newer.labels["ø"] == "zoné \u{2028}\u{2029}")
    }

    @Test func whatTheFilesSayIsWhatTheRecordsHold() throws {
        let service = try ServiceRecord(decoding: Self.value("service-headless.json"))
        #expect(service.frontends.isEmpty && service.backends.count == 3)
        #expect(service.hostnames == ["10.12.3.9": "db-0", "10.12.3.10": "db-1"])
        #expect(service.zones["10.12.3.9"] == BackendZone("eu-west-1a", forZones: ["eu-west-1a", "eu-west-1b"]))
        #expect(!(try ServiceRecord(decoding: Self.value("service-unshared.json")).shared))
        let identity = try IdentityRecord(id: 199_473, decoding: Self.value("identity-unicode.txt"))
        #expect(identity.labels["emoji"]?.value == "☕️ crème")
        #expect(identity.labels["ж"]?.value == "я")
        let pod = try IPRecord(decoding: Self.value("ip-named-ports.json"))
        #expect(pod.namedPorts.map(\.name) == ["dns", "http"] && pod.encryptionKey == 255)
    }

    @Test func noFileIsForgotten() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.root.path)
        #expect(Set(files) == Set(Self.records.keys).union(Self.configs).union(["read"]))
    }
}
