internal import MeshCore
internal import MeshStore

extension ReadServices {
    /// Tells the metrics' backend how things are, once per period until the task is cancelled, and once more then.
    func runMetrics(refused: @Sendable () -> RefusedCalls) async {
        let clock = ContinuousClock()
        let start = clock.now
        var marks = RevisionMarks()
        repeat {
            watches.metrics.flush(look(at: start.duration(to: clock.now), &marks, refused()))
        } while (try? await clock.sleep(for: configuration.metricsPeriod)) != nil
        // What was counted since, and that nobody is served any more.
        var last = look(at: start.duration(to: clock.now), &marks, refused())
        (last.streams, last.watches, last.lackedFrom, last.lag) = (0, 0, nil, .zero)
        watches.metrics.flush(last)
    }

    private func look(
        at now: Duration,
        _ marks: inout RevisionMarks,
        _ refused: RefusedCalls
    ) -> WatcherMetrics.Reading {
        var reading = WatcherMetrics.Reading()
        reading.revision = reader.revision
        watches.hub.report(to: &reading, at: reading.revision)
        marks.note(reading.revision, at: now)
        if let first = reading.lackedFrom { reading.lag = marks.lag(from: first, at: now) }
        reading.historyBytes = reader.historyBytes
        reading.refused = refused
        return reading
    }
}
