/// All scenarios, in the order in which they are run.
enum ScenarioList {
    static let all: [any Scenario] = [
        PutScenario(
            name: "put-1", title: "puts, one at a time", writers: 1, connections: 1, isWatched: false),
        PutScenario(
            name: "put-16", title: "puts by 16 writers, one watcher", writers: 16, connections: 4, isWatched: true),
        PutScenario(
            name: "put-100", title: "puts by 100 clients, one watcher", isBrief: false, writers: 100, connections: 100,
            isWatched: true),
        FixedRateScenario(
            name: "fan-out-1-at-500", title: "1 connection, a watch each, 500 puts/s", connections: 1, rate: 500),
        FixedRateScenario(
            name: "fan-out-100-at-100", title: "100 connections, a watch each, 100 puts/s", connections: 100, rate: 100),
        FixedRateScenario(
            name: "fan-out-100-at-1600", title: "100 connections, a watch each, 1,600 puts/s", connections: 100,
            rate: 1_600, writers: 16),
        SustainedRateScenario(
            name: "fan-out-100-sustained", title: "100 connections, a watch each, the highest sustained rate",
            isBrief: true, connections: 100, firstRate: 400),
        FixedRateScenario(
            name: "fan-out-1000-at-100", title: "1,000 connections, a watch each, 100 puts/s", connections: 1_000,
            rate: 100),
        SustainedRateScenario(
            name: "fan-out-1000-sustained", title: "1,000 connections, a watch each, the highest sustained rate",
            isBrief: false, connections: 1_000, firstRate: 10),
        FixedRateScenario(
            name: "one-stream-at-200", title: "1,000 watches on one stream, 200 puts/s", connections: 1,
            watchesPerConnection: 1_000, rate: 200),
        FixedRateScenario(
            name: "one-stream-overload", title: "1,000 watches on one stream, puts as fast as they are answered",
            isBrief: false, connections: 1, watchesPerConnection: 1_000, rate: nil, writers: 16),
        OneKeyWatchesScenario(),
        LateJoinScenario(),
        ListScenario(name: "list", title: "100,000 keys × 512 B in one call", pageSize: 0),
        ListScenario(name: "list-pages-1000", title: "100,000 keys × 512 B in pages of 1,000", pageSize: 1_000),
        ListScenario(
            name: "list-pages-256", title: "100,000 keys × 512 B in pages of 256", isBrief: false, pageSize: 256),
        MemoryScenario(),
        HeldConnectionsScenario(),
        EmbeddedPutScenario(),
        IsolationScenario(),
    ]
}
