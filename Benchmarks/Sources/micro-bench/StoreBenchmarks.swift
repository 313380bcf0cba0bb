internal import MeshCore
internal import MeshStore

/// What the benchmarks share: 10,000 keys as a cluster has them, values of 512 bytes.
enum Sample {
    static let keys = (0..<10_000).map { Key("cilium/state/ip/v1/default/10.0.\($0 / 256).\($0 % 256)") }
    static let value = [UInt8](repeating: 0x61, count: 512)
    static let prefix = KeyRange.prefix("cilium/state/")

    /// A store with all keys, each written once.
    static func filledStore(_ configuration: KVStoreConfiguration = KVStoreConfiguration()) throws -> KVStore {
        let store = KVStore(configuration: configuration)
        for key in keys { try store.put(key, value) }
        return store
    }
}

extension MicroBenchmark {
    /// The store's own work.
    static var store: [MicroBenchmark] {
        [
            MicroBenchmark("store.put", operations: Sample.keys.count) {
                let store = try Sample.filledStore()
                return { for key in Sample.keys { try store.put(key, Sample.value) } }
            },
            MicroBenchmark("store.put.new-key", operations: Sample.keys.count, freshEachRun: true) {
                let store = KVStore()
                return { for key in Sample.keys { try store.put(key, Sample.value) } }
            },
            MicroBenchmark("store.put.full-history", operations: Sample.keys.count) {
                // Each put has history forget one change.
                var configuration = KVStoreConfiguration()
                configuration.maximumHistoryChanges = Sample.keys.count
                let store = try Sample.filledStore(configuration)
                return { for key in Sample.keys { try store.put(key, Sample.value) } }
            },
            MicroBenchmark("store.put.100-subscriptions", operations: Sample.keys.count) {
                // What wakes is next to nothing: this is what calling so many costs.
                let store = try Sample.filledStore()
                let woken = Locked(0)
                let subscriptions = (0..<100).map { _ in store.reader.onCommit { woken.withLock { $0 &+= 1 } } }
                return {
                    try withExtendedLifetime(subscriptions) {
                        for key in Sample.keys { try store.put(key, Sample.value) }
                    }
                }
            },
            MicroBenchmark("store.transaction.10-puts", operations: Sample.keys.count / 10) {
                let store = try Sample.filledStore()
                return {
                    for start in stride(from: 0, to: Sample.keys.count, by: 10) {
                        try store.transaction { transaction in
                            for key in Sample.keys[start..<start + 10] { transaction.put(key, Sample.value) }
                        }
                    }
                }
            },
            MicroBenchmark("store.transaction.compare-and-put", operations: Sample.keys.count) {
                let store = try Sample.filledStore()
                let requests = Sample.keys.map { key in
                    TransactionRequest(
                        compares: [Compare(.key(key), .greater, .createRevision(.none))],
                        success: [.put(PutRequest(key, Sample.value))]
                    )
                }
                return {
                    for request in requests {
                        let answer = try store.perform(request)
                        try expect(answer.succeeded, "a transaction's condition did not hold")
                    }
                }
            },
            MicroBenchmark("store.get", operations: Sample.keys.count) {
                let store = try Sample.filledStore()
                return { for key in Sample.keys { try expect(store.get(key) != nil, "a key is missing") } }
            },
            MicroBenchmark("store.range.10000-keys", operations: Sample.keys.count) {
                let store = try Sample.filledStore()
                return {
                    let answer = try store.perform(RangeRequest(Sample.prefix))
                    try expect(answer.pairs.count == Sample.keys.count, "a range has \(answer.pairs.count) keys")
                }
            },
            MicroBenchmark("store.range.page-of-1000", operations: Sample.keys.count) {
                let store = try Sample.filledStore()
                let revision = store.revision
                return {
                    var next = Sample.prefix.lower
                    var found = 0
                    while true {
                        var request = RangeRequest(KeyRange(from: next, to: Sample.prefix.end))
                        request.limit = 1_000
                        request.revision = revision
                        let page = try store.perform(request)
                        found += page.pairs.count
                        guard page.more, let last = page.pairs.last else { break }
                        next = last.key.successor
                    }
                    try expect(found == Sample.keys.count, "pages have \(found) keys")
                }
            },
            MicroBenchmark("store.count", operations: 10_000) {
                let store = try Sample.filledStore()
                return {
                    for _ in 0..<10_000 {
                        try expect(store.snapshot().count(in: Sample.prefix) == Sample.keys.count, "a count is wrong")
                    }
                }
            },
            MicroBenchmark("store.snapshot", operations: 10_000) {
                let store = try Sample.filledStore()
                return { for _ in 0..<10_000 { try expect(store.snapshot().revision > .none, "a snapshot is empty") } }
            },
        ]
    }
}
