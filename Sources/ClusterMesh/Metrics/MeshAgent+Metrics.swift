internal import MeshCore
internal import MeshTLS

extension MeshAgent {
    /// Tells the metrics backend how the mirrors are doing, once a second, until the task is cancelled. Then their series
    /// end.
    func tellMetrics() async {
        var metrics = MeshMetrics(of: configuration.name, factory: configuration.metrics)
        while !Task.isCancelled {
            metrics.flush(AgentStatus(status()), at: Double(UTCTime.now))
            try? await Task.sleep(for: configuration.metricsPeriod)
        }
        metrics.destroy()
    }
}
