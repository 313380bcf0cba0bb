import MeshCore
import TestSupport
import Testing

@testable import MeshRecords

/// The fast way to read IP and node records against the tolerant one: they must never differ.
@Suite("ParsedJSON")
struct ParsedJSONTests {
    private func expectEqualIPs(_ json: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            Result { try IPRecord(decoding: json) }.mapError { $0 as? RecordError ?? RecordError(.unknownKey, "\($0)") }
                == Result { try IPRecord(tolerantlyDecoding: json) }.mapError {
                    $0 as? RecordError ?? RecordError(.unknownKey, "\($0)")
                },
            "\(String(decoding: json.prefix(2_000), as: UTF8.self))",
            sourceLocation: sourceLocation
        )
    }

    private func expectEqualNodes(_ json: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            Result { try NodeRecord(decoding: json) }.mapError {
                $0 as? RecordError ?? RecordError(.unknownKey, "\($0)")
            }
                == Result { try NodeRecord(tolerantlyDecoding: json) }.mapError {
                    $0 as? RecordError ?? RecordError(.unknownKey, "\($0)")
                },
            "\(String(decoding: json.prefix(2_000), as: UTF8.self))",
            sourceLocation: sourceLocation
        )
    }

    /// Whether the fast way takes it.
    private func isFast(ip json: String) -> Bool { ParsedJSON.read(Array(json.utf8), IPRecord.Fields.init) != nil }
    private func isFast(node json: String) -> Bool { ParsedJSON.read(Array(json.utf8), NodeRecord.Fields.init) != nil }

    @Test func whatWritersWriteIsReadTheFastWay() throws {
        #expect(isFast(ip: Golden.ip))
        #expect(isFast(node: Golden.node))
        #expect(isFast(ip: #"{"IP":"fd00::","Mask":"//////////8AAAAAAAAAAA==","HostIP":"","ID":2}"#))
        #expect(isFast(ip: #"{ "ID" : 7, "future": [1.5, {"a": []}], "IP" : "10.0.0.1", "NamedPorts": [null] } "#))
        #expect(isFast(node: #"{"IPv4AllocCIDR":"10.0.0.0/24","Labels":{"a":null,"\u0062":"\ud83d\ude00"}}"#))
        #expect(isFast(node: "{}"))
        for (json, isIP) in [(Golden.ip, true), (Golden.node, false)] {
            isIP ? expectEqualIPs(Array(json.utf8)) : expectEqualNodes(Array(json.utf8))
        }
    }

    @Test(arguments: [
        "", "null", "[]", "7", "{", #"{"IP":"10.0.0.1"} x"#, #"{"IP":7}"#, #"{"IP":"10.0.0.1","ID":-1}"#,
        #"{"IP":"10.0.0.1","ID":1.5}"#, #"{"IP":"10.0.0.1","ID":1.0}"#, #"{"IP":"10.0.0.1","ID":4294967296}"#,
        #"{"IP":"10.0.0.1","IP":"10.0.0.2"}"#, #"{"IP":"10.0.0.1","ID":1,"ID":2}"#, #"{"IP":"10.0.0.1","x":1e999}"#,
        "{\"IP\":\"10.0.0.1\",\"\u{212A}ey\":7}", "{\"\u{212A}ey\":7,\"Key\":8,\"IP\":\"10.0.0.1\"}",
        #"{"IP":"10.0.0.1","Mask":"////AB=="}"#, #"{"IP":"10.0.0.1","Mask":""}"#, #"{"IP":"10.0.0.300"}"#,
        #"{"IP":"10.0.0.1","Metadata":"\ud800"}"#, #"{"IP":"10.0.0.1","NamedPorts":[7]}"#, #"{"Mask":null}"#,
        #"{"IP":"10.0.0.1","NamedPorts":[{"Name":"a","Name":"b"}]}"#, "\u{FEFF}{\"IP\":\"10.0.0.1\"}",
    ])
    func whatIsUnusualIsLeftToTheTolerantWay(json: String) {
        #expect(!isFast(ip: json))
        expectEqualIPs(Array(json.utf8))
    }

    @Test func numbersAreTakenUpToTheGreatestOfTheirType() throws {
        for number in ["0", "-0", "255", "256", "65535", "65536", "4294967295", "4294967296", "18446744073709551616"] {
            expectEqualIPs(Array(#"{"IP":"::1","ID":\#(number),"Key":\#(number)}"#.utf8))
            expectEqualIPs(Array(#"{"IP":"::1","NamedPorts":[{"Name":"p","Port":\#(number)}]}"#.utf8))
        }
        #expect(isFast(ip: #"{"IP":"::1","ID":4294967295,"Key":255}"#))
    }

    @Test func everyMaskIsRead() throws {
        for address in [try IPAddress("10.0.0.0"), try IPAddress("fd00::")] {
            for length in 0...address.family.bitCount {
                let prefix = try #require(IPPrefix(address, length: length))
                let json = #"{"IP":"\#(address)","Mask":"\#(prefix.base64Mask)"}"#
                #expect(isFast(ip: json))
                #expect(try IPRecord(decoding: bytes(json)).ip == .cidr(prefix))
            }
        }
    }

    @Test func aTextOverTheBoundOrTooDeepIsReadTheTolerantWay() throws {
        let bound = 16_384
        func json(_ count: Int) -> String {
            let rest = #"{"IP":"10.0.0.1","Metadata":""}"#
            return rest.replacing(#""""#, with: "\"" + String(repeating: "m", count: count - rest.utf8.count) + "\"")
        }
        #expect(isFast(ip: json(bound)))
        #expect(!isFast(ip: json(bound + 1)))
        #expect(try IPRecord(decoding: bytes(json(bound + 1))).metadata.utf8.count == bound + 1 - 31)
        // As many values as fit into the bound.
        let values = "[" + String(repeating: "1,", count: 8_000) + "1]"
        #expect(isFast(ip: #"{"IP":"10.0.0.1","x":\#(values)}"#))
        for depth in [15, 16, 500, 5_000] {
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            expectEqualIPs(Array(#"{"IP":"10.0.0.1","x":\#(deep)}"#.utf8))
        }
    }

    @Test func anObjectOfManyMembersIsReadTheTolerantWay() throws {
        let members = (0..<64).map { #","m\#($0)":0"# }.joined()
        #expect(!isFast(ip: #"{"IP":"10.0.0.1"\#(members)}"#))
        #expect(try IPRecord(decoding: bytes(#"{"IP":"10.0.0.1"\#(members)}"#)).identity == 0)
    }

    @Test func brokenBytesAreReadTheSameBothWays() async throws {
        try await withRandomNumbers { random in
            for round in 0..<3_000 {
                var json = Array((round.isMultiple(of: 2) ? Golden.ip : Golden.node).utf8)
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    json[Int.random(in: json.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                round.isMultiple(of: 2) ? expectEqualIPs(json) : expectEqualNodes(json)
            }
        }
    }

    @Test func oddButPossibleObjectsAreReadTheSameBothWays() async throws {
        try await withRandomNumbers { random in
            var fast = 0
            for _ in 0..<2_000 {
                let ip = OddJSON.object(of: OddJSON.ipMembers, &random)
                expectEqualIPs(Array(ip.utf8))
                let node = OddJSON.object(of: OddJSON.nodeMembers, &random)
                expectEqualNodes(Array(node.utf8))
                if isFast(ip: ip) { fast += 1 }
                if isFast(node: node) { fast += 1 }
            }
            // It was about both ways.
            #expect((400...3_600).contains(fast), "\(fast)")
        }
    }
}

/// Objects of which each member is mostly what it should be, and now and then anything else.
private enum OddJSON {
    typealias Members = [(name: String, values: [String])]

    static let addresses = [
        #""10.0.0.1""#, #""fd00::1""#, #""::ffff:10.0.0.2""#, #""""#, "null", #""FD00::2""#, #""10.0.0.01""#,
        #""\u0031.2.3.4""#,
    ]
    static let texts = [#""shop""#, #""""#, "null", #""\u003c\n\/\ud83d\ude00ø""#, "\"e\u{301}\"", #""\u0000""#]
    static let numbers = ["0", "1", "255", "null", "-0", "65536", "1.0", "3e0", "4294967296", "-1"]
    static let masks = ["null", #""////AA==""#, #""/////w==""#, #""//////////8AAAAAAAAAAA==""#, #""/wD/AA==""#]
    static let cidrs = [
        "null", #""10.1.0.0/16""#, #""fd00::/64""#, #"{"IP":"10.1.2.3","Mask":"////AA=="}"#, #"{"IP":"10.1.0.0"}"#,
        #"{"Mask":"////AA==","IP":"10.1.0.0","x":1}"#, #"{"IP":"fd00::","Mask":"//////////8AAAAAAAAAAA=="}"#,
        #""10.1.0.0""#,
    ]
    static let maps = [
        "null", "{}", #"{"a":"1","b":null}"#, #"{"a":"1","a":"2"}"#, #"{"a":1}"#, "{\"é\":\"1\",\"e\u{301}\":\"2\"}",
    ]
    static let ports = [
        "null", "[]", #"[{"Name":"http","Port":80,"Protocol":"TCP"}]"#, #"[null,{"Port":1}]"#, #"[{"Port":65536}]"#,
        #"[{"Name":"a","Extra":{},"Port":null}]"#, "{}",
    ]
    static let anything = ["null", "true", "7", "[]", "{}", #""x""#, #"{"IP":[{"ID":1}]}"#, "[[[1,2.5e-3]]]"]

    static let ipMembers: Members = [
        ("IP", addresses), ("Mask", masks), ("HostIP", addresses), ("ID", numbers), ("Key", numbers),
        ("Metadata", texts),
        ("K8sNamespace", texts), ("K8sPodName", texts), ("K8sServiceAccount", texts), ("NamedPorts", ports),
    ]
    static let nodeMembers: Members = [
        ("Name", texts), ("Cluster", texts),
        ("IPAddresses", ["null", "[]", #"[{"Type":"InternalIP","IP":"10.0.0.1"},null,{"IP":""}]"#, #"[{"IP":"x"}]"#]),
        ("IPv4AllocCIDR", cidrs), ("IPv4SecondaryAllocCIDRs", ["null", "[]"] + cidrs.map { "[null,\($0)]" }),
        ("IPv6AllocCIDR", cidrs), ("IPv6SecondaryAllocCIDRs", ["null", "[]"] + cidrs.map { "[\($0)]" }),
        ("IPv4HealthIP", addresses), ("IPv6HealthIP", addresses), ("IPv4IngressIP", addresses),
        ("IPv6IngressIP", addresses), ("ClusterID", numbers), ("Source", texts), ("EncryptionKey", numbers),
        ("Labels", maps), ("Annotations", maps), ("WireguardPubKey", texts), ("BootID", texts),
    ]

    static func object(of members: Members, _ random: inout SplitMix64) -> String {
        var chosen = members.filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
        if Int.random(in: 0..<3, using: &random) == 0 { chosen.shuffle(using: &random) }
        var fields = chosen.map { member in
            // The first values are the usual ones.
            let usual = Int.random(in: 0..<8, using: &random) > 0
            let count = usual ? min(3, member.values.count) : member.values.count
            let odd = Int.random(in: 0..<60, using: &random) == 0
            let value =
                odd ? anything.randomElement(using: &random) : member.values[..<count].randomElement(using: &random)
            return #""\#(member.name)":\#(value ?? "null")"#
        }
        let extra = ["future", "Ｉ", "\u{212A}ey", "Name\u{301}", "ID", "", "Cluster"]
        if Int.random(in: 0..<4, using: &random) == 0, let name = extra.randomElement(using: &random),
            let value = anything.randomElement(using: &random)
        {
            fields.insert(#""\#(name)":\#(value)"#, at: Int.random(in: 0...fields.count, using: &random))
        }
        return "{" + fields.joined(separator: ",") + "}"
    }
}
