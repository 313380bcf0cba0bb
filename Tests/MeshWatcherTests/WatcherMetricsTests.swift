import MeshCore
import Testing

@testable import MeshWatcher

@Suite struct WatcherMetricsTests {
    private func reading(_ tally: WatchTally = WatchTally(), refused: Int = 0) -> WatcherMetrics.Reading {
        WatcherMetrics.Reading(
            streams: 3, watches: 5, tally: tally, lagRevisions: 7, lag: .milliseconds(2_500), historyBytes: 11,
            refusedCalls: refused
        )
    }

    private func tally(_ batches: [Int], compacted: Int = 0) -> WatchTally {
        var tally = WatchTally()
        for events in batches { tally.sent(events: events, bytes: 10 * events) }
        for _ in 0..<compacted { tally.endedAsCompacted() }
        return tally
    }

    @Test func tellsWhatWasSeenUnderItsNames() {
        let backend = RecordingMetrics()
        let metrics = WatcherMetrics(factory: backend, labels: [("cluster", "athens")])
        metrics.flush(reading(tally([1, 2, 6], compacted: 4), refused: 9))
        #expect(
            backend.counters == [
                "mesh_watcher_batches_total": 3, "mesh_watcher_events_total": 9, "mesh_watcher_event_bytes_total": 90,
                "mesh_watcher_compacted_watches_total": 4, "mesh_watcher_refused_calls_total": 9,
            ])
        #expect(
            backend.gauges == [
                "mesh_watcher_streams": 3, "mesh_watcher_watches": 5, "mesh_watcher_batch_events": 3,
                "mesh_watcher_largest_batch_events": 6, "mesh_watcher_lag_revisions": 7,
                "mesh_watcher_lag_seconds": 2.5,
                "mesh_watcher_history_bytes": 11,
            ])
        #expect(backend.series.allSatisfy { $0.labels == ["cluster": "athens"] })
    }

    @Test func countersGrowByWhatIsNewAndBatchesAreOfTheLastInterval() {
        let backend = RecordingMetrics()
        let metrics = WatcherMetrics(factory: backend, labels: [])
        metrics.flush(reading(tally([100]), refused: 2))
        metrics.flush(reading(tally([1, 1]), refused: 5))
        #expect(backend.counters["mesh_watcher_events_total"] == 102)
        #expect(backend.counters["mesh_watcher_refused_calls_total"] == 5)
        #expect(backend.gauges["mesh_watcher_largest_batch_events"] == 1)
        #expect(backend.gauges["mesh_watcher_batch_events"] == 1)
        metrics.flush(reading(refused: 5))
        #expect(backend.counters["mesh_watcher_refused_calls_total"] == 5)
        #expect(backend.gauges["mesh_watcher_batch_events"] == 0)
    }

    @Test func whatStreamsHadCountedWhenTheyEndedIsToldOnce() {
        let backend = RecordingMetrics()
        let metrics = WatcherMetrics(factory: backend, labels: [])
        metrics.ended(tally([4], compacted: 1))
        metrics.ended(tally([8]))
        #expect(backend.calls == 0)
        metrics.flush(reading(tally([2])))
        metrics.flush(reading())
        #expect(backend.counters["mesh_watcher_events_total"] == 14)
        #expect(backend.counters["mesh_watcher_batches_total"] == 3)
        #expect(backend.counters["mesh_watcher_compacted_watches_total"] == 1)
    }
}
