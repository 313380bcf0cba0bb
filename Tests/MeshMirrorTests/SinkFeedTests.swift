import MeshCore
import MeshRecords
import Testing

@testable import MeshMirror

struct SinkFeedTests {
    @Test("what is put in is told in order, also what comes while something is told")
    func order() {
        let sink = RecordingSink()
        let feed = SinkFeed(sink)
        feed.put(.identified(ClusterConfig(id: 3)))
        feed.put(.changed([.delete(.node("a")), .delete(.node("b"))]))
        #expect(sink.events.isEmpty, "nothing is told while the lock may be held")
        feed.tell()
        feed.put(.servicesExpired)
        feed.put(.synchronised(.node))
        feed.put(.withdrawn)
        feed.tell()
        feed.tell()
        #expect(
            sink.events == [
                .identified(ClusterConfig(id: 3)), .delete(.node("a")), .delete(.node("b")), .servicesExpired,
                .synchronised(.node), .withdrawn,
            ]
        )
    }

    @Test("a sink that has something put in and told while it is called is told it afterwards")
    func reentrant() {
        final class Reentrant: MirrorSink {
            let feed = Locked<SinkFeed?>(nil)
            let depth = Locked((now: 0, most: 0, calls: 0))

            private func note() {
                depth.withLock { depth in
                    depth.now += 1
                    depth.most = max(depth.most, depth.now)
                    depth.calls += 1
                }
                if depth.withLock({ $0.calls }) < 5 {
                    let feed = feed.withLock { $0 }
                    feed?.put(.withdrawn)
                    feed?.tell()
                }
                depth.withLock { $0.now -= 1 }
            }

            func peerIdentified(_ config: ClusterConfig) { note() }
            func apply(_ changes: [MirroredPair]) { note() }
            func synchronized(_ kind: RecordKind) { note() }
            func servicesExpired() { note() }
            func withdrawn() { note() }
        }
        let sink = Reentrant()
        let feed = SinkFeed(sink)
        sink.feed.withLock { $0 = feed }
        feed.put(.servicesExpired)
        feed.tell()
        let depth = sink.depth.withLock { $0 }
        #expect(depth.calls == 5 && depth.most == 1)
        sink.feed.withLock { $0 = nil }
    }

    @Test("tasks that put in and tell at once never call the sink at once, and nothing is lost")
    func concurrent() async {
        let sink = RecordingSink()
        let feed = SinkFeed(sink)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<200 {
                        feed.put(.changed([.delete(.node("\(task)/\(number)"))]))
                        feed.tell()
                    }
                }
            }
        }
        // Whoever tells last may still be at it when the others are done, but not when all tasks are.
        #expect(sink.events.count == 1600 && !sink.wasEnteredTwice)
        for task in 0..<8 {
            let own = sink.events.filter {
                if case .delete(.node(let name)) = $0 { name.hasPrefix("\(task)/") } else { false }
            }
            #expect(own == (0..<200).map { .delete(.node("\(task)/\($0)")) })
        }
    }
}
