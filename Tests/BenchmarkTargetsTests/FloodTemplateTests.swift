import ClusterMesh
import MeshWire
import Testing

@testable import BenchmarkTargets

@Suite struct FloodTemplateTests {
    private func template(garbage: Bool = false) throws -> FloodTemplate {
        let header = ResponseHeader(clusterID: 7, memberID: 1, revision: 5, raftTerm: 1)
        let identity = try ClusterID(3).identities().lowerBound
        return try FloodTemplate(
            WatchResponseHead(header: header, watchID: 4), identity: identity, events: 150, garbage: garbage)
    }

    @Test func everyMessageIsOneRevisionOfNewRecordsThatAMirrorTakes() throws {
        var template = try template()
        let decoder = RecordDecoder(cluster: try ClusterName("kos"), id: try ClusterID(3))
        var keys: Set<RecordKey> = []
        for number in 0..<3 {
            let message = try WatchCodec.decodeResponse(template.advance())
            #expect(message.watchID == 4 && message.events.count == 150)
            for event in message.events {
                #expect(event.revision == Revision(FloodTemplate.firstRevision + Int64(number)))
                keys.insert(try decoder.decode(event.pair).get().key)
            }
        }
        #expect(keys.count == 450)
    }

    @Test func garbageIsRefusedWithoutExceptionAndIsStillAMessage() throws {
        var template = try template(garbage: true)
        let decoder = RecordDecoder(cluster: try ClusterName("kos"), id: try ClusterID(3))
        let message = try WatchCodec.decodeResponse(template.advance())
        #expect(message.events.count == 150)
        for event in message.events {
            #expect(throws: RecordError.self) { try decoder.decode(event.pair).get() }
        }
    }
}
