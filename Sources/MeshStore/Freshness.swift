package import MeshCore

/// How a read that must not be outdated learns that its store is far enough.
enum Freshness: Sendable {
    /// The store is where its state is made: it is never behind.
    case always

    /// The store follows another one, and nobody is there to ask how far that is.
    case unknown

    /// The store follows another one; the closure returns once the store is as far as that one was at the call.
    case confirmed(by: @Sendable () async throws(EtcdError) -> Void)
}

extension EtcdError {
    /// A replicated store has not been told yet what it holds.
    package static let notListed = EtcdError(
        .unavailable,
        "etcdserver: not ready: the first list from the followed etcd is not complete"
    )

    /// A replicated store was asked about leases.
    static let leasesKeptElsewhere = EtcdError(
        .unavailable,
        "etcdserver: leases are not known here: ask the followed etcd"
    )

    /// A read must be fresh, and the followed etcd is not connected.
    package static let notFollowing = EtcdError(
        .unavailable,
        "etcdserver: no leader: the followed etcd is not connected; serializable reads are answered"
    )
}
