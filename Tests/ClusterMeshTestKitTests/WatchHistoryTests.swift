import ClusterMesh
import ClusterMeshTestKit
import Testing

@Suite struct WatchHistoryTests {
    private static let event = WatchEvent(
        kind: .put, pair: KeyValue(key: "a", createRevision: 5, modRevision: 5, version: 1, value: []))

    private func history(from start: Revision = .none, _ messages: [WatchHistory.Message]) -> WatchHistory {
        var history = WatchHistory("the watch", .all, from: start)
        history.messages = messages
        return history
    }

    @Test func aWatchFromNowOnBeginsBehindItsCreation() {
        #expect(history([]).firstRevision == nil)
        #expect(history([.created(4)]).firstRevision == 5)
        #expect(history(from: 2, [.created(4)]).firstRevision == 2)
    }

    @Test func aClientGoesOnBehindTheLastHeader() {
        #expect(history([]).resumeRevision == nil)
        #expect(history([.created(4)]).resumeRevision == 5)
        #expect(history(from: 2, []).resumeRevision == 2)
        #expect(history([.created(4), .events([Self.event], header: 6)]).resumeRevision == 7)
        #expect(history([.created(4), .progress(9)]).resumeRevision == 10)
        #expect(history(from: 2, [.created(4), .compacted(3)]).resumeRevision == 3)
    }

    @Test func progressOfTheSlowestDoesNotTakeAClientBack() {
        #expect(history([.created(4), .progress(9), .streamProgress(6)]).resumeRevision == 10)
        #expect(history([.created(4), .streamProgress(11)]).resumeRevision == 12)
    }

    @Test func aPartIsNothingToGoOnFrom() {
        let parts = history([.created(4), .events([Self.event], header: 5, isPart: true)])
        #expect(parts.resumeRevision == 5)
    }

    @Test func progressBeforeTheStartIsNothingToGoOnFrom() {
        #expect(history(from: 20, [.created(4), .progress(6)]).resumeRevision == 20)
    }

    @Test func eventsAreThoseOfAllMessages() {
        let all = history([
            .created(4), .events([Self.event], header: 5), .progress(6), .events([Self.event], header: 7),
        ])
        #expect(all.events == [Self.event, Self.event])
    }
}
