import MeshCore
import MeshStore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

/// What a running server tells a metrics backend.
@Suite struct WatcherMetricsServerTests {
    private func run(
        _ store: KVStore = KVStore(),
        configure: (inout WatcherServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (WatcherFixture, RecordingMetrics) async throws -> Void
    ) async throws {
        let backend = RecordingMetrics()
        try await WatcherFixture.run(store) { configuration in
            configuration.metrics = backend
            configuration.metricsPeriod = .milliseconds(10)
            configure(&configuration)
        } _: { fixture in
            try await body(fixture, backend)
        }
    }

    @Test func countsStreamsWatchesEventsAndBytes() async throws {
        let store = KVStore()
        try await run(store) { fixture, backend in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.prefix("a/")))
                try await stream.create(WatchCreateRequest(.prefix("a/")))
                try await eventually { backend.gauges["mesh_watcher_watches"] == 2 }
                #expect(backend.gauges["mesh_watcher_streams"] == 1)
                try store.transaction {
                    $0.put("a/1", "x")
                    $0.put("a/2", "x")
                    $0.put("b", "x")
                }
                for _ in 0..<2 { #expect(try await stream.next().events.count == 2) }
                try await eventually { backend.counters["mesh_watcher_events_total"] == 4 }
                #expect(backend.counters["mesh_watcher_batches_total"] == 2)
                let bytes = store.snapshot().pairs(in: .prefix("a/")).reduce(0) { sum, pair in
                    sum + WatchCodec.encodedEventSize(WatchEvent(kind: .put, pair: pair))
                }
                #expect(backend.counters["mesh_watcher_event_bytes_total"] == Int64(2 * bytes))
                #expect(backend.gauges["mesh_watcher_lag_revisions"] == 0)
                #expect(backend.gauges["mesh_watcher_history_bytes"] == Double(store.reader.historyBytes))
            }
            try await eventually { backend.gauges["mesh_watcher_streams"] == 0 }
            #expect(backend.gauges["mesh_watcher_watches"] == 0)
            // What a stream sent is not forgotten, nor told twice, when it ends.
            #expect(backend.counters["mesh_watcher_events_total"] == 4)
            #expect(backend.series.allSatisfy { $0.labels["cluster"] == "athens" && $0.labels["server"] == "watcher" })
        }
    }

    @Test func tellsHowFarAReaderIsBehindAndThatItWasCompacted() async throws {
        let store = KVStore()
        try await run(store) { fixture, backend in
            try await fixture.withClient(receiveWindowBytes: 8_192) { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.all))
                let value = [UInt8](repeating: 7, count: 20_000)
                for index in 0..<400 { try store.put(Key("k\(index % 10)"), value) }
                // It reads nothing: what it lacks begins near the start, and stays.
                try await eventually { backend.gauges["mesh_watcher_lag_revisions", default: 0] > 100 }
                try await eventually { backend.gauges["mesh_watcher_lag_seconds", default: 0] > 0.05 }
                try store.compact(to: store.revision)
                while try await !stream.next().canceled {}
                try await eventually { backend.counters["mesh_watcher_compacted_watches_total"] == 1 }
                try await eventually { backend.gauges["mesh_watcher_lag_revisions"] == 0 }
                #expect(backend.gauges["mesh_watcher_lag_seconds"] == 0)
            }
        }
    }

    @Test func countsWhatItRefuses() async throws {
        try await run { fixture, backend in
            try await fixture.withClient { client in
                _ = try await client.refusal(EtcdMethods.put, [])
                _ = try await client.refusal("/etcdserverpb.KV/Unknown", [])
                // An answer is no refusal.
                _ = try await client.range(RangeRequest(.key("absent")))
            }
            try await eventually { backend.counters["mesh_watcher_refused_calls_total"] == 2 }
            let calls = backend.calls
            try await eventually { backend.calls > calls + 28 }
            #expect(backend.counters["mesh_watcher_refused_calls_total"] == 2)
        }
    }

    @Test func tellsNothingMoreOnceItHasStopped() async throws {
        let told = Locked<RecordingMetrics?>(nil)
        try await run { fixture, backend in
            try await eventually { backend.calls > 0 }
            told.withLock { $0 = backend }
            await fixture.server.shutDown()
        }
        let backend = try #require(told.withLock { $0 })
        let calls = backend.calls
        try await Task.sleep(for: .milliseconds(60))
        #expect(backend.calls == calls)
        #expect(backend.gauges["mesh_watcher_streams"] == 0)
    }
}
