package import CoreMetrics
package import MeshCore

/// What ``ReadServices`` allow, and what they say of the server.
package struct ReadServicesConfiguration: Sendable {
    /// The name of the one member that the server says its cluster has.
    package var memberName: String

    /// Who may read which keys, to begin with.
    package var access: AccessPolicy

    /// The bounds of what peers can make the server hold and do.
    package var limits = WatcherLimits()

    /// How long a watch that asked for progress stays quiet before it is sent an empty message.
    package var progressInterval: Duration = .seconds(600)

    /// The answer to a request of a reading method that would change something, as raising an alarm would.
    package var refusal = EtcdError.permissionDenied

    /// The backend that is told about the watches.
    package var metrics: any MetricsFactory = MetricsSystem.factory

    /// How often it is told.
    package var metricsPeriod = defaultMetricsPeriod

    /// Once a second: not dearer for a busy server than for an idle one, and as fine as anybody looks.
    package static let defaultMetricsPeriod = Duration.seconds(1)

    /// The label that tells the metrics of servers of one cluster apart.
    package var metricsLabel = "watcher"

    /// The defaults for a server.
    package init(memberName: String, access: AccessPolicy) {
        self.memberName = memberName
        self.access = access
    }

    /// How often streams are told the time.
    var clockPeriod: Duration { min(progressInterval / 10, .seconds(10)) }
}
