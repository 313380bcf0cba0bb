import ClusterMesh
import ClusterMeshTestKit
import Testing

@Suite struct ChangeStampTests {
    @Test(arguments: [ProducedCluster.Record.node(1), .identity(1), .ip(1)])
    func aRecordTellsWhenItWasWrittenAlsoAfterAJourney(_ record: ProducedCluster.Record) throws {
        let cluster = try ProducedCluster(number: 5, size: ProducedSize(nodes: 2, identities: 2, ips: 2))
        let stamp = ChangeStamp(nanoseconds: 123_456_789_012)
        let decoder = RecordDecoder(cluster: cluster.name, id: cluster.id)
        func journey(_ value: MeshRecord) throws -> MeshRecord {
            try decoder.decode(key: cluster.key(of: record, in: .own), value: value.encoded()[...]).get()
        }
        #expect(ChangeStamp(in: try journey(cluster.value(of: record, stamp: stamp))) == stamp)
        #expect(ChangeStamp(in: try journey(cluster.value(of: record))) == nil)
    }

    @Test func whatIsNoTimeIsNoStamp() {
        var ip = IPRecord(ip: .address(IPAddress(v4: 1)), hostIP: nil, identity: 1)
        for text in ["changed-at=", "changed-at=x", "12", "changed-at=-1"] {
            ip.metadata = text
            #expect(ChangeStamp(in: .ip(ip)) == nil, "\(text)")
        }
    }

    @Test func itsAgeIsTheTimeSince() {
        let stamp = ChangeStamp(nanoseconds: 1_000)
        #expect(stamp.age(at: ChangeStamp(nanoseconds: 1_250)) == 250)
        #expect(stamp.age(at: ChangeStamp(nanoseconds: 999)) == 0, "never less than nothing")
        let now = ChangeStamp.now
        #expect(ChangeStamp.now.nanoseconds >= now.nanoseconds && now.nanoseconds > 0)
    }
}
