internal import MeshCore
internal import MeshStore

extension MicroBenchmark {
    /// Cursors in the store's history.
    static var cursors: [MicroBenchmark] {
        [
            MicroBenchmark("cursor.advance", operations: Sample.keys.count) {
                let store = try Sample.filledStore()
                return {
                    let events = Self.replay(store.reader, WatchCursor(Sample.prefix, from: 2))
                    try expect(events == Sample.keys.count, "a replay has \(events) events")
                }
            },
            MicroBenchmark("cursor.advance.one-key", operations: 100) {
                // 10,000 changes, ten of them of the watched key.
                let store = KVStore()
                let watched = Key("cilium/state/nodes/v1/watched")
                for (number, key) in Sample.keys.enumerated() {
                    try store.put(number.isMultiple(of: 1_000) ? watched : key, Sample.value)
                }
                return {
                    for _ in 0..<100 {
                        let events = Self.replay(store.reader, WatchCursor(.key(watched), from: 2))
                        try expect(events == 10, "a replay of one key has \(events) events")
                    }
                }
            },
            MicroBenchmark("cursor.idle", operations: 10_000) {
                let store = try Sample.filledStore()
                var cursor = WatchCursor(Sample.prefix)
                return {
                    for _ in 0..<10_000 {
                        let step = store.reader.step(&cursor, maximumEvents: 64, maximumBytes: 65_536)
                        try expect(step == .idle(upTo: store.revision), "a cursor at the end found \(step)")
                    }
                }
            },
            MicroBenchmark("cursor.follow", operations: 10_000) {
                // One change, one step: what an up-to-date watch costs beside its message.
                let store = try Sample.filledStore()
                var cursor = WatchCursor(Sample.prefix)
                _ = store.reader.step(&cursor, maximumEvents: 64, maximumBytes: 65_536)
                return {
                    for key in Sample.keys {
                        try store.put(key, Sample.value)
                        guard case .events = store.reader.step(&cursor, maximumEvents: 64, maximumBytes: 65_536) else {
                            throw UnexpectedResult(description: "a change has no event")
                        }
                    }
                }
            },
        ]
    }

    /// How many events a cursor finds up to the present.
    private static func replay(_ reader: StoreReader, _ start: WatchCursor) -> Int {
        var cursor = start
        var events = 0
        while true {
            switch reader.step(&cursor, maximumEvents: 1_024, maximumBytes: 1 << 20) {
            case .events(let batch): events += batch.events.count
            case .skipped: continue
            case .idle, .compacted: return events
            }
        }
    }
}
