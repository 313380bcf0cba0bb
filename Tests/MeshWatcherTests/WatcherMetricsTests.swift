import MeshCore
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatcherMetricsTests {
    private func reading(_ tally: WatchTally = WatchTally(), refused: RefusedCalls = RefusedCalls())
        -> WatcherMetrics.Reading
    {
        WatcherMetrics.Reading(
            streams: 3, watches: 5, tally: tally, revision: 20, lackedFrom: 14, lag: .milliseconds(2_500),
            historyBytes: 11, refused: refused
        )
    }

    private func tally(_ batches: [Int], compacted: Int = 0) -> WatchTally {
        var tally = WatchTally()
        for events in batches { tally.sent(events: events, bytes: 10 * events) }
        for _ in 0..<compacted { tally.endedAsCompacted() }
        return tally
    }

    private func refused(_ methods: Int, _ certificates: Int, _ bounds: Int) -> RefusedCalls {
        var refused = RefusedCalls()
        (refused.methods, refused.certificates, refused.bounds) = (methods, certificates, bounds)
        return refused
    }

    @Test func tellsWhatWasSeenUnderItsNames() {
        let backend = RecordingMetrics()
        let metrics = WatcherMetrics(factory: backend, labels: [("cluster", "athens")])
        metrics.flush(reading(tally([1, 2, 6], compacted: 4), refused: refused(3, 4, 2)))
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
        // Nothing but why something was refused tells two series of a name apart.
        let whys = Set(backend.series.compactMap { $0.labels["why"] })
        #expect(whys == ["method", "certificate", "bound"])
        #expect(backend.series.count == 14)
        #expect(backend.series.allSatisfy { $0.labels["cluster"] == "athens" })
    }

    @Test func theWatchFurthestBehindCounts() {
        var reading = WatcherMetrics.Reading()
        reading.revision = 10
        #expect(reading.lagRevisions == 0)
        reading.add(watches: 2, tally: tally([3]), lackedFrom: nil)
        reading.add(watches: 1, tally: tally([4]), lackedFrom: 8)
        reading.add(watches: 4, tally: tally([], compacted: 1), lackedFrom: 10)
        reading.isLacked(from: nil)
        #expect(reading.lagRevisions == 3)
        reading.isLacked(from: 7)
        #expect(reading.lagRevisions == 4)
        #expect((reading.streams, reading.watches) == (3, 7))
        #expect((reading.tally.events, reading.tally.compacted) == (7, 1))
        // The store may be seen before what is announced of it is.
        reading.lackedFrom = 12
        #expect(reading.lagRevisions == 0)
    }

    @Test func countersGrowByWhatIsNewAndBatchesAreOfTheLastInterval() {
        let backend = RecordingMetrics()
        let metrics = WatcherMetrics(factory: backend, labels: [])
        metrics.flush(reading(tally([100]), refused: refused(0, 2, 0)))
        metrics.flush(reading(tally([1, 1]), refused: refused(1, 3, 1)))
        #expect(backend.counters["mesh_watcher_events_total"] == 102)
        #expect(backend.counters["mesh_watcher_refused_calls_total"] == 5)
        #expect(backend.gauges["mesh_watcher_largest_batch_events"] == 1)
        #expect(backend.gauges["mesh_watcher_batch_events"] == 1)
        metrics.flush(reading(refused: refused(1, 3, 1)))
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
