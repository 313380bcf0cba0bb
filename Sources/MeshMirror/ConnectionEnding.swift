internal import MeshClient
internal import MeshCore

/// Why a mirror ended its connection itself.
enum ConnectionEnding: Hashable, Sendable {
    /// No cluster config came in this time.
    case identifyTimedOut(Duration, ClusterName)
    /// No heartbeat came in this time.
    case heartbeatMissed(Duration)
    /// Another verifier refuses the server's certificate.
    case serverRefused(String)
    /// The peer published another cluster config.
    case configChanged
    /// The peer has other endpoints.
    case endpointsReplaced

    /// Whether the peer is to blame.
    var isFailure: Bool {
        switch self {
        case .identifyTimedOut, .heartbeatMissed, .serverRefused: true
        case .configChanged, .endpointsReplaced: false
        }
    }

    /// In words for an operator.
    var error: FollowError {
        switch self {
        case .identifyTimedOut(let limit, let cluster):
            FollowError(
                .timedOut,
                "the peer did not publish its cluster config within \(limit); is its name \(cluster)?"
            )
        case .heartbeatMissed(let limit):
            FollowError(
                .timedOut,
                "the peer wrote no heartbeat within \(limit); is what writes its state still running?"
            )
        case .serverRefused(let reason):
            FollowError(.refused, "the server's certificate is not accepted any more: \(reason)")
        case .configChanged:
            FollowError(.refused, "the peer published another cluster config")
        case .endpointsReplaced:
            FollowError(.refused, "the peer has other endpoints")
        }
    }
}
