import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct StoreWatchTests {
    @Test func deliversWhatIsWrittenWhileItWaits() async throws {
        let store = KVStore()
        let watch = store.watch(.prefix("a/"))
        try await within(.seconds(10)) {
            try await withThrowingTaskGroup(of: [String].self) { group in
                group.addTask {
                    var keys: [String] = []
                    for try await batch in watch {
                        keys += batch.events.map(\.pair.key.description)
                        if keys.count >= 3 { break }
                    }
                    return keys
                }
                for number in 1...3 {
                    await Task.yield()
                    try store.put(Key("a/\(number)"), "x")
                    try store.put(Key("b/\(number)"), "x")
                }
                #expect(try await group.next() == ["a/1", "a/2", "a/3"])
            }
        }
    }

    @Test func replaysFromARevisionInThePast() async throws {
        let store = KVStore()
        for number in 0..<5 { try store.put("key", "\(number)") }
        var iterator = store.watch(.key("key"), from: 3).makeAsyncIterator()
        let batch = try await iterator.next()
        #expect(batch?.events.map(\.revision) == [3, 4, 5, 6])
        #expect(batch?.revision == 6)
    }

    @Test func startsAfterThePresentRevisionOfItsCreation() async throws {
        let store = KVStore()
        try store.put("before", "x")
        let watch = store.watch(.all)
        try store.put("after", "x")
        var iterator = watch.makeAsyncIterator()
        #expect(try await iterator.next()?.events.map(\.pair.key) == ["after"])
    }

    @Test func cutsBatchesAtItsBoundsButNeverInsideARevision() async throws {
        let store = KVStore()
        try store.transaction { for number in 0..<10 { $0.put(Key("a\(number)"), "x") } }
        for number in 0..<5 { try store.put(Key("b\(number)"), "x") }
        var watch = store.watch(.all, from: 2)
        watch.maximumEventsPerBatch = 4
        var iterator = watch.makeAsyncIterator()
        #expect(try await iterator.next()?.events.count == 10)
        #expect(try await iterator.next()?.events.count == 4)
        #expect(try await iterator.next()?.events.count == 1)
    }

    @Test func endsWithTheCompactedRevisionWhenHistoryDoesNotReachBack() async throws {
        let store = KVStore()
        for number in 0..<5 { try store.put("key", "\(number)") }
        var iterator = store.watch(.all, from: 2).makeAsyncIterator()
        try store.compact(to: 4)
        await #expect(throws: StoreWatchError.compacted(4)) { try await iterator.next() }
    }

    @Test func endsWithoutAnErrorWhenItsTaskIsCancelledWhileItWaits() async throws {
        let store = KVStore()
        let watch = store.watch(.all)
        try await within(.seconds(10)) {
            let task = Task {
                for try await _ in watch {}
                return Task.isCancelled
            }
            // Whether the task waits already or not: both have to end.
            await Task.yield()
            task.cancel()
            let wasCancelled = try await task.value
            #expect(wasCancelled)
        }
    }

    @Test func leavesNoSubscriptionBehind() async throws {
        let store = KVStore()
        do {
            var iterator = store.watch(.all, from: 2).makeAsyncIterator()
            try store.put("key", "x")
            _ = try await iterator.next()
            #expect(store.reader.subscriptionCount == 1)
        }
        #expect(store.reader.subscriptionCount == 0)
    }

    @Test func passesOverALongHistoryOfOtherKeysInSteps() async throws {
        let store = KVStore()
        for number in 0..<(StoreChanges.maximumChangesPerStep + 10) { try store.put("other", "\(number)") }
        try store.put("key", "x")
        var cursor = WatchCursor(.prefix("key"), from: 2)
        guard case .skipped(let revision) = store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) else {
            Issue.record("a step over a long history was not cut")
            return
        }
        #expect(cursor.next == revision.next)
        let step = store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1)
        guard case .events(let batch) = step else {
            Issue.record("\(step) instead of the event")
            return
        }
        #expect(batch.events.map(\.pair.key) == ["key"])
    }
}
