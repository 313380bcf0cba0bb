import ClusterMesh
import Foundation
import Testing

@Suite struct FixturesTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

    @Test(arguments: [("athens", 1), ("hurup", 2), ("kos", 3)])
    func everyLineIsAValidRecordThatEncodesAsItStandsThere(_ name: String, _ id: Int) throws {
        let decoder = RecordDecoder(cluster: try ClusterName(name), id: try ClusterID(id), space: .clusters255)
        var counts: [RecordKind: Int] = [:]
        var globalServices = 0
        for line in try StateDirectory("\(Self.root)/\(name)").load() {
            let record = try decoder.decode(key: line.key, value: line.value[...]).get()
            #expect(String(decoding: record.encoded(), as: UTF8.self) == String(decoding: line.value, as: UTF8.self))
            counts[record.kind, default: 0] += 1
            if case .service(let service) = record, service.includeExternal, service.shared { globalServices += 1 }
        }
        #expect(counts[.node, default: 0] >= 4)
        #expect(counts[.ip, default: 0] >= 20)
        #expect(counts[.service, default: 0] >= 6)
        #expect(counts[.identity, default: 0] >= 6)
        #expect(globalServices >= 2)
    }
}
