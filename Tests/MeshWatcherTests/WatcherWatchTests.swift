import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import ServiceLifecycle
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatcherWatchTests {
    @Test func deliversPutsDeletesAndTransactionsWithEtcdsHeaders() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                var options = WatchOptions()
                options.previousPairs = true
                let created = try await stream.create(WatchCreateRequest(.prefix("k"), options: options))
                #expect(created.watchID == 0)
                #expect(created.header == ResponseHeader(of: store.identity, at: 1))

                try store.put("k1", "a")
                let put = try await stream.next()
                #expect(put.header == ResponseHeader(of: store.identity, at: 2))
                #expect(put.events.map(\.kind) == [.put])
                #expect(put.events[0].pair == store.get("k1"))
                #expect(put.events[0].previous == nil)

                let before = try #require(store.get("k1"))
                try store.transaction { transaction in
                    transaction.put("k1", "b")
                    transaction.put("other", "x")
                    transaction.put("k2", "c")
                }
                let transaction = try await stream.next()
                #expect(transaction.events.map(\.pair.key) == ["k1", "k2"])
                #expect(transaction.events.map(\.previous) == [before, nil])
                #expect(transaction.header?.revision == 3)

                try store.delete(.prefix("k"))
                let delete = try await stream.next()
                #expect(delete.events.map(\.kind) == [.delete, .delete])
                #expect(delete.events.map(\.pair) == ["k1", "k2"].map { .tombstone(key: $0, modRevision: 4) })
            }
        }
    }

    @Test func replaysThePastInWholeRevisions() async throws {
        let store = KVStore()
        for round in 0..<200 {
            try store.transaction { transaction in
                for index in 0..<5 { transaction.put(Key("k\(index)"), "\(round)") }
            }
        }
        try await WatcherFixture.run(store, configure: { $0.limits.eventsPerBatch = 12 }) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.all, from: 51))
                var events: [WatchEvent] = []
                while (events.last?.revision ?? .none) < 201 {
                    let message = try await stream.next()
                    events += message.events
                    // Two revisions of five; a third does not fit and is not divided.
                    #expect(message.events.count == (events.last?.revision == 201 ? 5 : 10))
                    #expect(message.header?.revision == events.last?.revision)
                }
                #expect(events.map(\.revision.rawValue) == (51...201).flatMap { Array(repeating: $0, count: 5) })
            }
        }
    }

    @Test func filtersAreApplied() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                var noPuts = WatchOptions()
                noPuts.includesPuts = false
                var noDeletes = WatchOptions()
                noDeletes.includesDeletes = false
                try await stream.create(WatchCreateRequest(.all, options: noPuts, watchID: 1))
                try await stream.create(WatchCreateRequest(.all, options: noDeletes, watchID: 2))
                try store.put("a", "1")
                try store.delete(.key("a"))
                var kinds: [Int64: [WatchEvent.Kind]] = [:]
                for _ in 0..<2 {
                    let message = try await stream.next()
                    kinds[message.watchID, default: []] += message.events.map(\.kind)
                }
                #expect(kinds == [1: [.delete], 2: [.put]])
            }
        }
    }

    @Test func fiveHundredWatchesOfOneStreamEachGetTheirOwn() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                for index in 0..<500 {
                    let created = try await stream.create(WatchCreateRequest(.key(Key("k\(index)"))))
                    #expect(created.watchID == Int64(index))
                }
                for index in (0..<500).reversed() { try store.put(Key("k\(index)"), "v") }
                var seen: [Int64: [Key]] = [:]
                while seen.values.reduce(0, { $0 + $1.count }) < 500 {
                    let message = try await stream.next()
                    seen[message.watchID, default: []] += message.events.map(\.pair.key)
                }
                #expect(seen.count == 500)
                for (id, keys) in seen { #expect(keys == [Key("k\(id)")]) }
            }
        }
    }

    @Test func aStreamThatGaveUpItsTurnGoesOnByItself() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store, configure: { $0.limits.readsPerTurn = 3 }) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                for index in 0..<50 { try await stream.create(WatchCreateRequest(.key(Key("k\(index)")))) }
                // Of fifty watches that look for it, the last finds it.
                for revision in 2..<5 {
                    try store.put("k49", "v")
                    let message = try await stream.next()
                    #expect(message.watchID == 49)
                    #expect(message.events.map(\.revision.rawValue) == [Int64(revision)])
                }
            }
        }
    }

    @Test func watchersOfTheSameEventsShareTheirEncoding() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let streams = try (0..<40).map { _ in try client.openWatch() }
                for stream in streams {
                    try await stream.create(WatchCreateRequest(.prefix("k")))
                    try await stream.create(WatchCreateRequest(.prefix("k")))
                }
                let before = fixture.server.encodedSegments
                for round in 0..<10 {
                    try store.put("k", "\(round)")
                    for stream in streams {
                        for _ in 0..<2 { #expect(try await stream.next().events.count == 1) }
                    }
                }
                #expect(fixture.server.encodedSegments - before == 10)
            }
        }
    }

    @Test func aWatchFromTheFutureBeginsThere() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                #expect(try await stream.create(WatchCreateRequest(.all, from: 5)).header?.revision == 1)
                for _ in 0..<6 { try store.put("k", "v") }
                #expect(try await stream.events(of: 0, through: 7).map(\.revision) == [5, 6, 7])
            }
        }
    }

    @Test func refusalsLeaveTheStreamAndItsWatchesAlone() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient("remote-hurup") { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.prefix("cilium/state/"), watchID: 7))
                let refusals = [
                    WatchCreateRequest(.prefix("cilium/cache/")):
                        "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
                    WatchCreateRequest(.all): "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
                    WatchCreateRequest(.prefix("cilium/state/"), watchID: 7):
                        "mvcc: duplicate watch ID provided on the WatchStream",
                    WatchCreateRequest(.interval("cilium/state/b", "cilium/state/a")): "mvcc: watcher range is empty",
                    WatchCreateRequest(.prefix("cilium/state/"), from: -1):
                        "etcdserver: mvcc: required revision has been compacted",
                ]
                for (request, reason) in refusals {
                    let answer = try await stream.create(request)
                    #expect(answer.watchID == -1)
                    #expect(answer.canceled)
                    #expect(answer.cancelReason == reason)
                    #expect(answer.header == ResponseHeader(of: store.identity, at: 1))
                }
                try store.put("cilium/state/x", "v")
                try store.put("cilium/cache/x", "v")
                #expect(try await stream.events(of: 7, through: 2).count == 1)
                try await stream.send(.cancel(watchID: 99))
                try await stream.send(.cancel(watchID: 7))
                let canceled = try await stream.next()
                #expect(canceled.watchID == 7 && canceled.canceled && canceled.cancelReason.isEmpty)
            }
        }
    }

    @Test func theClientsEndEndsTheStreamAfterWhatWasAskedFor() async throws {
        let store = KVStore()
        for _ in 0..<3 { try store.put("k", "v") }
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                try await stream.send(.create(WatchCreateRequest(.all, from: 2)))
                try await stream.stream.finishSending()
                #expect(try await stream.next().created)
                #expect(try await stream.events(of: 0, through: 4).count == 3)
                #expect(try await stream.nextOrEnd() == nil)
            }
        }
    }

    @Test func aStreamThatWasOpenedBeforeTheServerRunsMissesNothing() async throws {
        let store = KVStore()
        let server = try WatcherFixture.makeServer(store)
        try await WatcherFixture(store: store, server: server).withClient { client in
            let stream = try client.openWatch()
            try await stream.create(WatchCreateRequest(.all))
            try store.put("k", "v")
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await server.run() }
                let message = try await stream.next()
                #expect(message.events.map(\.revision) == [2])
                tasks.cancelAll()
            }
        }
    }

    @Test func aServerThatNeverRunsGivesItsPortUp() async throws {
        let server = try WatcherFixture.makeServer(KVStore())
        let port = server.port
        await server.shutDown()
        let next = try WatcherFixture.makeServer(KVStore()) { $0.port = port }
        #expect(next.port == port)
        await next.shutDown()
    }

    @Test func aStoppingServerEndsItsStreamsAndFreesItsPort() async throws {
        let store = KVStore()
        let server = try WatcherFixture.makeServer(store)
        let port = server.port
        let group = ServiceGroup(services: [server], logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await WatcherFixture(store: store, server: server).withClient { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.all))
                await group.triggerGracefulShutdown()
                let status = try await stream.failure()
                #expect(status.code == .unavailable)
            }
            try await tasks.waitForAll()
        }
        try await WatcherFixture.run(store, configure: { $0.port = port }) { fixture in
            #expect(fixture.server.port == port)
        }
    }
}
