public import MeshCore

// Leases. Their time runs only while `run()` does; see there.

extension KVStore {
    /// Makes a lease, to which keys can be attached by writing them with its number.
    ///
    /// The lease ends, and its keys are deleted, when it is revoked, or when it was not kept alive for as long as it was
    /// granted.
    ///
    /// - Throws: `EtcdError`: a number that is taken (`lease already exists`), more than 9,000,000,000 seconds
    ///   (`too large lease TTL`), or more leases than `KVStoreConfiguration.maximumLeases` (`database space exceeded`).
    public func perform(_ request: LeaseGrantRequest) throws(EtcdError) -> LeaseGrantAnswer {
        let now = clock.now()
        var numbers = RandomNumbers()
        return try commit(inPlace: true) { engine throws(EtcdError) in
            try engine.grantLease(request, now: now, using: &numbers)
        }
    }

    /// Ends a lease and deletes its keys, all in one revision; without keys there is no new revision.
    ///
    /// - Returns: the store's revision afterwards.
    /// - Throws: `EtcdError`: no such lease.
    @discardableResult
    public func revokeLease(_ id: LeaseID) throws(EtcdError) -> Revision {
        try revokeLease(id) { (_) throws(EtcdError) in }
    }

    /// Ends a lease as ``revokeLease(_:)`` does, unless `check` throws, which sees the keys that would be deleted.
    ///
    /// - Parameter check: is called while other writers wait, and must not wait itself.
    package func revokeLease(
        _ id: LeaseID,
        checking check: (_ keys: [Key]) throws(EtcdError) -> Void
    ) throws(EtcdError) -> Revision {
        try commit { engine throws(EtcdError) in
            try check(engine.leases.keys(of: id))
            return try engine.revokeLease(id)
        }
    }

    /// Gives a lease the whole of its time again. If there is no such lease, or its time is over, the answer's time to
    /// live is 0.
    @discardableResult
    public func keepLeaseAlive(_ id: LeaseID) -> LeaseKeepAliveAnswer {
        let now = clock.now()
        return commit(inPlace: true) { engine in engine.keepLeaseAlive(id, now: now) }
    }
}
