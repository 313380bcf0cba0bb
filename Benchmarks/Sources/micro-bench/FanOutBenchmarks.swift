internal import BenchmarkTargets

extension MicroBenchmark {
    /// What stands between a commit and the messages of watches.
    static var fanOut: [MicroBenchmark] {
        [
            MicroBenchmark("fan-out.session.round", operations: 100 * 1_000, freshEachRun: true) {
                // 1,000 watches of one range on a stream: the cost of a message, without writing it.
                let rounds = try SessionRounds(watches: 1_000, rounds: 100)
                return {
                    for _ in 0..<100 {
                        let messages = rounds.round()
                        try expect(messages == 1_000, "a round has \(messages) messages")
                    }
                }
            },
            MicroBenchmark("fan-out.segment.encode", operations: 100 * 100) {
                let work = try SegmentWork(events: 100)
                return {
                    for _ in 0..<100 {
                        let events = work.encode()
                        try expect(events == 100, "a segment has \(events) events")
                    }
                }
            },
            MicroBenchmark("fan-out.segment.share", operations: 10_000) {
                let work = try SegmentWork(events: 100)
                return {
                    let builds = work.share(among: 10_000)
                    try expect(builds == 1, "a segment was encoded \(builds) times")
                }
            },
            MicroBenchmark("fan-out.subscription.match", operations: 10_000) {
                let work = SubscriptionWork(keys: 10_000, ranges: 100)
                return {
                    let found = work.match()
                    try expect(found == 10_000, "\(found) subscriptions were found")
                }
            },
            MicroBenchmark("store.append.replica", operations: 10_000, freshEachRun: true) {
                let work = ReplicaWork(keys: 10_000)
                return {
                    let revision = try work.append()
                    try expect(revision == 10_001, "a replica is at \(revision)")
                }
            },
        ]
    }
}
