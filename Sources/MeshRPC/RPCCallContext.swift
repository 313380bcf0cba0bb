public import MeshCore

/// What a handler knows of a call besides its messages.
public struct RPCCallContext: Sendable {
    /// The method called.
    public let method: RPCMethod

    /// Who calls, by the certificate, as the verifier judged it at this call.
    public let peer: PeerIdentity

    /// The caller's address as core writes it, for example `ipv4:127.0.0.1:4711`.
    public let peerAddress: String

    /// The metadata that came with the call, `user-agent` included.
    public let metadata: RPCMetadata

    /// When the caller stops waiting; `nil` if it waits forever. Core cancels the call then.
    public let deadline: ContinuousClock.Instant?
}
