import MeshCore
import MeshStore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatcherLagTests {
    @Test func aCompactedStartIsMadeAndThenCancelled() async throws {
        let store = KVStore()
        for _ in 0..<9 { try store.put("k", "v") }
        try store.compact(to: 6)
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                let created = try await stream.create(WatchCreateRequest(.all, from: 5))
                #expect(!created.canceled)
                let canceled = try await stream.next()
                #expect(canceled.watchID == created.watchID)
                #expect(canceled.canceled && !canceled.created)
                #expect(canceled.compactRevision == 6)
                #expect(canceled.header?.clusterID == store.identity.clusterID)
                // From the compacted revision itself everything is served.
                try await stream.create(WatchCreateRequest(.all, from: 6))
                #expect(try await stream.events(of: 1, through: 10).map(\.revision) == [6, 7, 8, 9, 10])
            }
        }
    }

    /// Fills the window of a client that does not read, and goes on.
    private func flood(_ store: KVStore, bytes: Int, valueBytes: Int = 20_000) async throws {
        let value = Array(repeating: UInt8(ascii: "v"), count: valueBytes)
        for index in 0..<(bytes / value.count) {
            try store.put(Key("k\(index % 10)"), value)
            if index % 16 == 0 { await Task.yield() }
        }
    }

    @Test func aSlowReaderDoesNotHoldUpOthersAndGetsEverythingLater() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient(receiveWindowBytes: 8_192) { slowClient in
                let slow = try slowClient.openWatch()
                try await slow.create(WatchCreateRequest(.all))
                try await fixture.withClient { client in
                    let fast = try client.openWatch()
                    try await fast.create(WatchCreateRequest(.all))
                    try await flood(store, bytes: 8 << 20)
                    let last = store.revision
                    // The slow one has taken nothing so far.
                    #expect(
                        try await fast.events(of: 0, through: last).map(\.revision.rawValue) == Array(2...last.rawValue)
                    )
                    #expect(try await client.range(RangeRequest(.key("k0"))).answer.count == 1)
                    #expect(
                        try await slow.events(of: 0, through: last).map(\.revision.rawValue) == Array(2...last.rawValue)
                    )
                }
            }
        }
    }

    @Test func aClientThatReadsNothingHasOneMessageUnderWayOnEachStreamAndGetsBatchesLater() async throws {
        let store = KVStore()
        // Two messages on each of its streams would be more than a client may have under way.
        let configure: @Sendable (inout WatcherServerConfiguration) -> Void = { configuration in
            configuration.limits.bytesPerBatch = 4_096
            configuration.limits.unreadBytesPerPeer = 65_536
        }
        try await WatcherFixture.run(store, configure: configure) { fixture in
            try await fixture.withClient(receiveWindowBytes: 8_192) { client in
                let streams = try (0..<12).map { _ in try client.openWatch() }
                for stream in streams { try await stream.create(WatchCreateRequest(.all)) }
                try await flood(store, bytes: 1 << 20, valueBytes: 1_000)
                let last = store.revision.rawValue
                for stream in streams {
                    var messages = 0
                    var revisions: [Int64] = []
                    while revisions.last ?? 0 < last {
                        revisions += try await stream.next().events.map(\.revision.rawValue)
                        messages += 1
                    }
                    #expect(revisions == Array(2...last))
                    #expect(messages < revisions.count / 2)
                }
            }
        }
    }

    @Test func aRunningWatchThatFallsBehindCompactionIsCancelledAndCanBeMadeAnew() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient(receiveWindowBytes: 8_192) { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.all))
                try await flood(store, bytes: 8 << 20)
                let compacted = store.revision
                try store.compact(to: compacted)
                var last = Revision(1)
                var message = try await stream.next()
                while !message.canceled {
                    for event in message.events {
                        #expect(event.revision == last.next)
                        last = event.revision
                    }
                    #expect(message.header?.revision == last)
                    message = try await stream.next()
                }
                #expect(last < compacted)
                #expect(message.compactRevision == compacted)
                #expect(message.header?.revision == last)
                #expect(message.events.isEmpty)
                try await stream.create(WatchCreateRequest(.all, from: compacted))
                #expect(try await stream.events(of: 1, through: compacted).map(\.revision) == [compacted])
            }
        }
    }

    @Test func aLargeRevisionComesInPartsToWhomAskedForIt() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store, configure: { $0.limits.bytesPerFragment = 4_096 }) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.all, fragment: true))
                let whole = try client.openWatch()
                try await whole.create(WatchCreateRequest(.all))
                try store.transaction { transaction in
                    for index in 0..<20 { transaction.put(Key("k\(index)"), String(repeating: "v", count: 1_000)) }
                }
                var parts = [try await stream.next()]
                while parts.last?.fragment == true { parts.append(try await stream.next()) }
                #expect(parts.count > 4)
                #expect(parts.dropLast().allSatisfy { $0.fragment && $0.header?.revision == 1 })
                #expect(parts.last?.header?.revision == 2)
                let message = try await whole.next()
                #expect(message.fragment == false)
                #expect(message.events.count == 20)
                #expect(parts.flatMap(\.events) == message.events)
            }
        }
    }

    @Test func manyAnswersToOneClientAreHeldBackByItsOwnReading() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store, configure: { $0.limits.pendingAnswersPerStream = 4 }) { fixture in
            try await fixture.withClient(receiveWindowBytes: 4_096) { client in
                let stream = try client.openWatch()
                // The server stops reading after a few; sending and receiving at the same time gets through.
                async let sent: Void = {
                    for _ in 0..<2_000 { try await stream.send(.create(WatchCreateRequest(.key("k")))) }
                }()
                for id in 0..<2_000 {
                    let answer = try await stream.next()
                    #expect(answer.created && answer.watchID == Int64(id))
                }
                try await sent
            }
        }
    }
}

@Suite struct WatcherProgressTests {
    @Test func aRequestIsAnsweredWithTheRevisionThatAllWatchesWereSent() async throws {
        let store = KVStore()
        for index in 0..<300 { try store.put(Key("k\(index % 7)"), "v") }
        try await WatcherFixture.run(store, configure: { $0.limits.eventsPerBatch = 10 }) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.key("k1")))
                try await stream.send(.create(WatchCreateRequest(.all, from: 2)))
                try await stream.send(.progress)
                var last = Revision.none
                while true {
                    let message = try await stream.next()
                    if message.watchID == -1 {
                        #expect(message.header?.revision == 301)
                        #expect(message.events.isEmpty && !message.created && !message.canceled)
                        break
                    }
                    last = message.events.last?.revision ?? last
                }
                #expect(last == 301)
            }
        }
    }

    @Test func aQuietWatchIsToldHowFarItIs() async throws {
        let store = KVStore()
        try await WatcherFixture.run(store, configure: { $0.progressInterval = .milliseconds(100) }) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.key("silent")))
                try await stream.create(WatchCreateRequest(.key("quiet"), progressNotify: true))
                for _ in 0..<5 { try store.put("other", "v") }
                // All messages are the second watch's, as the first did not ask; they get to the store's revision and
                // stay there.
                var revisions: [Revision] = []
                while revisions.filter({ $0 == 6 }).count < 2 {
                    let message = try await stream.next()
                    #expect(message.watchID == 1)
                    #expect(message.events.isEmpty && !message.created && !message.canceled)
                    revisions.append(message.header?.revision ?? .none)
                }
                #expect(revisions == revisions.sorted())
            }
        }
    }
}
