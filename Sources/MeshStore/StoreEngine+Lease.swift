internal import MeshCore

extension StoreEngine {
    /// The longest time to live that etcd grants, in seconds.
    static let maximumLeaseTTL: Int64 = 9_000_000_000

    /// Makes a lease.
    ///
    /// - Parameter numbers: where the number of a lease comes from that asked for none.
    mutating func grantLease(
        _ request: LeaseGrantRequest,
        now: Duration,
        using numbers: inout some RandomNumberGenerator
    ) throws(EtcdError) -> LeaseGrantAnswer {
        guard request.ttl <= Self.maximumLeaseTTL else { throw .leaseTTLTooLarge }
        guard !leases.contains(request.id) else { throw .leaseExists }
        guard leases.count < configuration.maximumLeases else { throw .noSpace }
        var id = request.id
        while id == .none || leases.contains(id) { id = LeaseID(Int64.random(in: 1...Int64.max, using: &numbers)) }
        let ttl = min(max(request.ttl, configuration.minimumLeaseTTL, 1), Self.maximumLeaseTTL)
        leases.insert(id, ttl: ttl, now: now)
        return LeaseGrantAnswer(revision: revision, id: id, ttl: ttl)
    }

    /// Ends a lease: deletes its keys, in their order, in one revision. Without keys it makes no revision.
    mutating func revokeLease(_ id: LeaseID) throws(EtcdError) -> Revision {
        guard let keys = leases.remove(id) else { throw .leaseNotFound }
        delete(keys)
        return revision
    }

    /// Gives a lease its whole time again.
    mutating func keepLeaseAlive(_ id: LeaseID, now: Duration) -> LeaseKeepAliveAnswer {
        LeaseKeepAliveAnswer(revision: revision, id: id, ttl: leases.renew(id, now: now) ?? 0)
    }

    /// Ends a lease as ``revokeLease(_:)`` does, if its time is over and it is still there.
    ///
    /// - Returns: how many keys were deleted.
    @discardableResult
    mutating func expireLease(_ id: LeaseID, now: Duration) -> Int {
        guard leases.isOver(id, at: now), let keys = leases.remove(id) else { return 0 }
        delete(keys)
        return keys.count
    }

    /// Deletes the keys of a lease that is gone.
    private mutating func delete(_ keys: [Key]) {
        for key in keys { _ = remove(.key(key), at: revision.next) }
        finishTransaction()
    }

    /// What is left of a lease.
    func timeToLive(of id: LeaseID, keys: Bool, now: Duration) -> LeaseTimeToLiveAnswer {
        guard let ttl = leases.ttl(of: id), let remaining = leases.remaining(of: id, at: now) else {
            return LeaseTimeToLiveAnswer(revision: revision, id: id, ttl: -1)
        }
        return LeaseTimeToLiveAnswer(
            revision: revision,
            id: id,
            ttl: remaining.components.seconds,
            grantedTTL: ttl,
            keys: keys ? leases.keys(of: id) : []
        )
    }

    /// All leases, the one with the least time left first.
    func leaseList(now: Duration) -> LeaseListAnswer {
        LeaseListAnswer(revision: revision, leases: leases.byRemainingTime(at: now))
    }
}
