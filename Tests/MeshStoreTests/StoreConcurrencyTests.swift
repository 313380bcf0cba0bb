import MeshCore
import MeshStore
import TestSupport
import Testing

/// One store used from many threads at once. What is checked here is checked under ThreadSanitizer too.
@Suite struct StoreConcurrencyTests {
    /// The writers keep the sum of all values the same in every revision; whoever sees another has seen half of one.
    @Test func readersAndWatchersSeeWholeRevisionsOnly() async throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumHistoryChanges = 2_000
        let store = KVStore(configuration: configuration)
        let accounts = (0..<20).map { Key("account/\($0)") }
        try store.transaction { for account in accounts { $0.put(account, "100") } }
        let first = store.revision
        let rounds = 600

        try await within(.seconds(60), "writing and reading at once") {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<2 {
                    group.addTask {
                        for round in 0..<rounds {
                            try move(1, from: accounts[(round * 7 + writer) % 20], to: accounts[round % 20], in: store)
                            try store.put("noise/\(writer)/\(round % 50)", "\(round)")
                            if round % 5 == 0 { try store.delete(.key("noise/\(writer)/\(round % 50)")) }
                            if round % 16 == 0 { await Task.yield() }
                        }
                        try store.put("done/\(writer)", "")
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        var last = Revision.none
                        while store.snapshot().count(in: .prefix("done/")) < 2 {
                            let snapshot = store.snapshot()
                            #expect(snapshot.revision >= last)
                            last = snapshot.revision
                            #expect(total(snapshot.pairs(in: .prefix("account/"))) == 2_000)
                            await Task.yield()
                        }
                    }
                }
                group.addTask {
                    // Pages at one revision fit together, whatever is written between them.
                    while store.get("done/0") == nil {
                        do {
                            let pairs = try pages(of: .prefix("account/"), in: store.reader)
                            #expect(total(pairs) == 2_000)
                        } catch let error as EtcdError where error == .compacted {
                            // Taken over by the writers: as in any list, one begins again.
                        }
                        await Task.yield()
                    }
                }
                for _ in 0..<2 {
                    group.addTask { try await watch(store, from: first) }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Follows all keys, beginning again from a snapshot whenever history has been trimmed past the watch.
    private func watch(_ store: KVStore, from first: Revision) async throws {
        var next = first
        var state: [Key: KeyValue] = [:]
        var last = Revision.none
        while true {
            do {
                for try await batch in store.watch(.all, from: next) {
                    for event in batch.events {
                        #expect(event.revision >= last)
                        last = event.revision
                        state[event.pair.key] = event.kind == .put ? event.pair : nil
                    }
                    let accounts = state.filter { $0.key.hasPrefix("account/") }
                    #expect(total(accounts.map(\.value)) == 2_000)
                    if state["done/0"] != nil, state["done/1"] != nil { break }
                }
            } catch StoreWatchError.compacted {
                let snapshot = store.snapshot()
                state = [:]
                snapshot.forEach { state[$0.key] = $0 }
                next = snapshot.revision.next
                if state["done/0"] == nil || state["done/1"] == nil { continue }
            }
            break
        }
        #expect(state == Dictionary(uniqueKeysWithValues: store.snapshot().pairs().map { ($0.key, $0) }))
    }

    private func move(_ amount: Int, from source: Key, to target: Key, in store: KVStore) throws {
        if source == target { return }
        try store.transaction {
            let left = number($0[source]) - amount
            let right = number($0[target]) + amount
            $0.put(source, "\(left)")
            $0.put(target, "\(right)")
        }
    }

    private func number(_ pair: KeyValue?) -> Int {
        pair.flatMap { Int(String(decoding: $0.value, as: UTF8.self)) } ?? 0
    }

    private func total(_ pairs: [KeyValue]) -> Int { pairs.reduce(0) { $0 + number($1) } }

    private func pages(of range: KeyRange, in reader: StoreReader) throws -> [KeyValue] {
        var pairs: [KeyValue] = []
        var request = RangeRequest(range)
        request.limit = 7
        while true {
            let answer = try reader.range(request)
            if request.revision == .none { request.revision = answer.revision }
            pairs += answer.pairs
            guard answer.more, let last = pairs.last else { return pairs }
            request.range = KeyRange(from: last.key.successor, to: range.end)
        }
    }

    @Test func subscriptionsComeAndGoWhileCommitsHappen() async throws {
        let store = KVStore()
        try await within(.seconds(60)) {
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for number in 0..<2_000 { try store.put("key", "\(number)") } }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<300 {
                            let woken = Locked(0)
                            let subscription = store.reader.onCommit { woken.withLock { $0 += 1 } }
                            await Task.yield()
                            subscription.cancel()
                        }
                    }
                }
            }
        }
        #expect(store.revision == 2_001)
    }
}
