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

    /// The defaults for a server.
    package init(memberName: String, access: AccessPolicy) {
        self.memberName = memberName
        self.access = access
    }

    /// How often streams are told the time.
    var clockPeriod: Duration { min(progressInterval / 10, .seconds(10)) }
}
