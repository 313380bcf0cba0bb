import MeshCore
import MeshRecords
import Testing

@Suite("StateLine")
struct StateLineTests {
    @Test func aTextIsTheValueItself() throws {
        let line = try StateLine(parsing: #"{"key":"cilium/state/x","value":"k8s:a=\"ø\";"}"#)
        #expect(line == StateLine(key: "cilium/state/x", value: Array(#"k8s:a="ø";"#.utf8)))
    }

    @Test func aLineSurvivesBeingWrittenAndRead() throws {
        let line = StateLine(key: "cilium/state/x", value: Array(Golden.service.utf8))
        #expect(try StateLine(parsing: line.encoded()) == line)
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("[]", "expected an object"), (#"{"key":"k"}"#, "the line has no 'value'"),
        (#"{"value":"v"}"#, "the line has no 'key'"), (#"{"key":"","value":"v"}"#, "the line has no 'key'"),
        (#"{"key":7,"value":"v"}"#, "field 'key': expected a text"),
        (#"{"key":"k","value":null}"#, "the line has no 'value'"),
        (#"{"key":"k","value":{"a":1}}"#, "field 'value': expected a text"),
        (#"{"key":"k","value":"v"} {}"#, "not valid JSON"),
    ])
    func aBrokenLineSaysWhy(line: String, why: String) {
        let error = #expect(throws: StateLine.ParseError.self) { try StateLine(parsing: line) }
        #expect(error?.message.contains(why) == true, "\(error?.message ?? "none")")
    }
}

@Suite("RecordChange")
struct RecordChangeTests {
    @Test func aChangeDescribesItselfForPeople() throws {
        let node = NodeRecord(name: "n1", cluster: "kos", clusterID: 3)
        let kos = try ClusterName("kos")
        func change(_ old: NodeRecord?, _ new: NodeRecord?) -> String {
            RecordChange(cluster: kos, key: .node("n1"), old: old.map { .node($0) }, new: new.map { .node($0) })
                .description
        }
        #expect(change(nil, node) == "kos: node n1 added")
        #expect(change(node, node) == "kos: node n1 changed")
        #expect(change(node, nil) == "kos: node n1 removed")
    }

    @Test func anUpdateNamesItsCluster() throws {
        let kos = try ClusterName("kos")
        let change = RecordChange(cluster: kos, key: .identity(1))
        for update in [RecordUpdate.changed(change), .current(kos), .stale(kos), .withdrawn(kos)] {
            #expect(update.cluster == kos)
        }
    }
}
