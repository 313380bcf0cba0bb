import MeshCore
import MeshStore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatcherGuaranteeTests {
    private static let keys = (0..<12).map { Key("k/\($0 % 3)/\($0)") }

    /// One random change of the store; most make a revision.
    private static func change(_ store: KVStore, _ numbers: inout SplitMix64) throws {
        func key(_ numbers: inout SplitMix64) -> Key { keys[Int.random(in: 0..<keys.count, using: &numbers)] }
        let value = String(repeating: "v", count: Int.random(in: 0...300, using: &numbers))
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0, 1: try store.delete(.key(key(&numbers)))
        case 2: try store.delete(.prefix("k/1/"))
        case 3, 4, 5:
            let chosen = Set((0..<Int.random(in: 1...5, using: &numbers)).map { _ in key(&numbers) })
            try store.transaction { transaction in
                for (index, key) in chosen.sorted().enumerated() {
                    if index == 2 { transaction.delete(key) } else { transaction.put(key, value) }
                }
            }
        default: try store.put(key(&numbers), value)
        }
    }

    /// Makes `count` changes and writes them into the journal, compacting now and then.
    private static func write(
        _ count: Int,
        to store: KVStore,
        _ journal: inout StoreJournal,
        _ numbers: inout SplitMix64
    ) async throws {
        var options = WatchOptions()
        options.previousPairs = true
        var cursor = WatchCursor(.all, from: store.revision.next, options: options)
        for index in 0..<count {
            try change(store, &numbers)
            if case .events(let batch) = store.reader.step(&cursor, maximumEvents: 1_000, maximumBytes: 1 << 20) {
                journal.events += batch.events
            }
            if index % 3 == 0 { try await Task.sleep(for: .milliseconds(1)) }
            if index % 100 == 99 {
                let oldest = max(store.compactedRevision.rawValue + 1, store.revision.rawValue - 40)
                try store.compact(to: Revision(Int64.random(in: oldest...store.revision.rawValue, using: &numbers)))
            }
        }
    }

    /// What the writer and the readers tell each other.
    struct Progress {
        /// The streams whose watches have all been made.
        var readyStreams = 0
        /// The store's last revision, once the writing is over.
        var last: Revision?
    }

    private static func requests(_ stream: Int) -> [WatchCreateRequest] {
        var previous = WatchOptions()
        previous.previousPairs = true
        var onlyDeletes = previous
        onlyDeletes.includesPuts = false
        return [
            WatchCreateRequest(.all, options: previous, watchID: 1),
            WatchCreateRequest(.prefix("k/1/"), from: 2, progressNotify: true, watchID: 2),
            WatchCreateRequest(.key(keys[stream]), options: previous, watchID: 3),
            WatchCreateRequest(.all, from: 40, options: onlyDeletes, watchID: 4),
        ]
    }

    /// Reads until the stream has told of `last`, which comes when the writing is over, and checks every message.
    private static func follow(
        _ stream: TestWatchStream,
        number: Int,
        isSlow: Bool,
        progress: Locked<Progress>
    ) async throws -> [Int64: WatchHistoryCheck] {
        var checks: [Int64: WatchHistoryCheck] = [:]
        var restarts: [Int64: Revision] = [:]
        for request in requests(number) { try await stream.send(.create(request)) }
        try await stream.send(.progress)
        while true {
            let message = try await stream.next()
            if isSlow { try await Task.sleep(for: .milliseconds(3)) }
            let header = try #require(message.header)
            if message.watchID == -1 {
                // Every watch of the stream has been sent everything up to this revision.
                for id in checks.keys where restarts[id] == nil && checks[id]?.next ?? .none <= header.revision {
                    var bookmark = WatchServerMessage()
                    bookmark.header = header
                    checks[id]?.take(bookmark)
                }
                let last = progress.withLock { $0.last }
                if let last, header.revision >= last, restarts.isEmpty { return checks }
                try await Task.sleep(for: .milliseconds(5))
                try await stream.send(.progress)
            } else if message.created {
                #expect(!message.canceled)
                if let start = restarts.removeValue(forKey: message.watchID) {
                    checks[message.watchID]?.restart(at: start)
                } else {
                    let request = try #require(requests(number).first { $0.watchID == message.watchID })
                    #expect(
                        checks.updateValue(WatchHistoryCheck(request, created: message), forKey: request.watchID) == nil
                    )
                    if checks.count == 4 { progress.withLock { $0.readyStreams += 1 } }
                }
            } else if message.canceled {
                #expect(message.compactRevision > .none)
                var request = try #require(checks[message.watchID]?.request)
                request.startRevision = message.compactRevision
                restarts[message.watchID] = message.compactRevision
                try await stream.send(.create(request))
            } else {
                checks[message.watchID]?.take(message)
            }
        }
    }

    @Test func everyWatchIsSentExactlyWhatTheStoreDid() async throws {
        try await withRandomNumbers { numbers in
            let seed = numbers.next()
            let store = KVStore()
            try await WatcherFixture.run(
                store,
                configure: { configuration in
                    configuration.limits.eventsPerBatch = 16
                    configuration.limits.bytesPerBatch = 2_048
                    configuration.limits.readsPerTurn = 3
                    configuration.progressInterval = .milliseconds(20)
                },
                { fixture in try await Self.writeAndFollow(fixture, seed: seed) }
            )
        }
    }

    private static func writeAndFollow(_ fixture: WatcherFixture, seed: UInt64) async throws {
        let store = fixture.store
        let progress = Locked(Progress())
        var numbers = SplitMix64(seed: seed)
        var journal = StoreJournal()
        try await write(60, to: store, &journal, &numbers)
        try await withThrowingTaskGroup(of: [Int64: WatchHistoryCheck].self) { group in
            for number in 0..<4 {
                group.addTask {
                    var checks: [Int64: WatchHistoryCheck] = [:]
                    try await fixture.withClient(receiveWindowBytes: 8_192) { client in
                        let stream = try client.openWatch()
                        checks = try await follow(stream, number: number, isSlow: number == 3, progress: progress)
                    }
                    return checks
                }
            }
            try await eventually(within: testDeadline, "all watches are made") {
                progress.withLock { $0.readyStreams } == 4
            }
            try await write(1_500, to: store, &journal, &numbers)
            let end = store.revision
            progress.withLock { $0.last = end }
            var eventCount = 0
            for try await checks in group {
                #expect(checks.count == 4)
                for check in checks.values {
                    #expect(check.next > end)
                    check.finish(journal, compacted: store.compactedRevision)
                }
                eventCount += checks.values.reduce(0) { $0 + $1.eventCount }
            }
            #expect(eventCount > 500, "too few events to have tested anything")
        }
    }
}
