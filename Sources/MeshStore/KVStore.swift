public import MeshCore

/// A store of keys and values with etcd's semantics: revisions, history, transactions, watches, leases.
///
/// Every method may be called from any thread. Writers come one after another; readers never wait for a writer's work,
/// only for the moment in which its result is put in place. A store begins empty, at revision 1, with an identity of
/// its own. What time brings about (leases end) happens only while ``run()`` does.
///
/// Where it differs from etcd: it lives in memory, so that a new process has a new store, with an identity of its own.
/// Every bound of history compacts by itself (etcd: only what was set up). A store that is full takes writes again as
/// soon as keys are deleted (etcd: once it was compacted, defragmented and its alarm disarmed). Leases have their whole
/// time again whenever ``run()`` begins (etcd: whenever a member becomes the leader). A compaction to revision 0 is
/// always refused as compacted (etcd: not the first time). ``StoreReader/hash(at:)`` is not etcd's hash.
///
///     let store = KVStore()
///     try store.put("fruit/apple", "red")
///     try store.transaction {
///         $0.put("fruit/pear", "green")
///         $0.delete("fruit/apple")
///     }
///     for try await batch in store.watch(.prefix("fruit/"), from: 2) { … }
public final class KVStore: Sendable {
    /// Reads and watches of this store, without a way to write: what a server gets.
    public let reader: StoreReader

    let configuration: KVStoreConfiguration
    let clock: StoreClock

    /// The lock is held for the length of one commit. What a reader takes is a lock of the publication's own.
    let writer: Locked<StorePublisher>

    /// Makes an empty store.
    ///
    /// - Parameter clock: what the time to live of leases is measured by.
    public init(
        configuration: KVStoreConfiguration = KVStoreConfiguration(),
        identity: StoreIdentity = .random(),
        clock: some Clock<Duration> = ContinuousClock()
    ) {
        self.configuration = configuration
        self.clock = StoreClock(clock)
        let engine = StoreEngine(configuration: configuration, origin: StoreOrigin(identity: identity))
        let publisher = StorePublisher(engine: engine, clock: self.clock)
        reader = StoreReader(publisher.publication)
        writer = Locked(publisher)
    }

    // MARK: - Reading

    /// Which store this is.
    public var identity: StoreIdentity { reader.identity }

    /// The revision of the last commit.
    public var revision: Revision { reader.revision }

    /// The oldest revision that can still be read; ``Revision/none`` as long as every revision can.
    public var compactedRevision: Revision { reader.compactedRevision }

    /// The store as it is now, for as long as the snapshot is kept. O(1).
    public func snapshot() -> StoreSnapshot { reader.snapshot() }

    /// The pair of a key now.
    public func get(_ key: Key) -> KeyValue? { reader.publication.pair(of: key) }

    /// The events of `range` from a revision on, as a sequence; see `StoreReader.watch`.
    public func watch(
        _ range: KeyRange,
        from revision: Revision = .none,
        options: WatchOptions = WatchOptions()
    ) -> StoreWatch {
        reader.watch(range, from: revision, options: options)
    }

    /// Answers a read as etcd does.
    ///
    /// - Throws: `EtcdError`: no key, a future revision, a compacted revision.
    public func perform(_ request: RangeRequest) throws(EtcdError) -> RangeAnswer {
        try reader.range(request)
    }

    // MARK: - Writing

    /// Writes a value and returns the revision of the write.
    ///
    /// - Throws: `EtcdError`: an empty key, a request that is too large, a lease that does not exist.
    @discardableResult
    public func put(
        _ key: Key,
        _ value: some Collection<UInt8>,
        lease: LeaseID = .none
    ) throws(EtcdError) -> Revision {
        var request = PutRequest(key, Array(value))
        request.lease = lease
        return try perform(request).revision
    }

    /// Writes a text's UTF-8 and returns the revision of the write.
    ///
    /// - Throws: `EtcdError`: an empty key, a request that is too large, a lease that does not exist.
    @discardableResult
    public func put(_ key: Key, _ value: String, lease: LeaseID = .none) throws(EtcdError) -> Revision {
        try put(key, Array(value.utf8), lease: lease)
    }

    /// Deletes the keys of a range, all in one revision.
    ///
    /// - Throws: `EtcdError`: an empty key.
    @discardableResult
    public func delete(_ range: KeyRange) throws(EtcdError) -> DeleteAnswer {
        try perform(DeleteRequest(range))
    }

    /// Writes one pair.
    ///
    /// - Throws: `EtcdError`, with etcd's text for what is wrong with the request.
    public func perform(_ request: PutRequest) throws(EtcdError) -> PutAnswer {
        try commit(inPlace: true) { engine throws(EtcdError) in try engine.put(request) }
    }

    /// Deletes the keys of a range; nothing happens, and no revision is made, if it has none.
    ///
    /// - Throws: `EtcdError`: an empty key.
    public func perform(_ request: DeleteRequest) throws(EtcdError) -> DeleteAnswer {
        try commit(inPlace: request.range.end == .single) { engine throws(EtcdError) in try engine.delete(request) }
    }

    /// Does a transaction as etcd does: as a whole, in one revision, or not at all.
    ///
    /// - Throws: `EtcdError`, with etcd's text for what is wrong with the request.
    public func perform(_ request: TransactionRequest) throws(EtcdError) -> TransactionAnswer {
        try commit { engine throws(EtcdError) in try engine.perform(request) }
    }

    /// Does what `body` asks for, as a whole and in one revision, and returns what it returns.
    ///
    /// If `body` throws, or asks for what a transaction may not do, nothing has happened. A transaction that changes
    /// nothing makes no revision.
    ///
    /// - Important: `body` runs while other writers wait (readers do not): it must not wait for anything, and must not
    ///   write to the same store but through its argument, which would stop the process.
    /// - Throws: what `body` throws, or the `EtcdError` of the first refused operation.
    @discardableResult
    public func transaction<Result: Sendable>(
        _ body: (inout WriteTransaction) throws -> Result
    ) throws -> Result {
        try commit { engine throws(any Error) in
            var transaction = WriteTransaction(engine)
            let result = try body(&transaction)
            engine = try transaction.finish()
            return result
        }
    }

    /// Forgets what is older than `revision`: reads below it fail, and watches that are still below it end.
    ///
    /// - Throws: `EtcdError`: compacted already, or in the future.
    public func compact(to revision: Revision) throws(EtcdError) {
        try commit { engine throws(EtcdError) in try engine.compact(to: revision) }
    }

    /// Changes the state, if `body` does not throw, and wakes who waits for that.
    ///
    /// - Parameter inPlace: for a change of one key; readers wait for it.
    func commit<Result: Sendable, Failure: Error>(
        inPlace: Bool = false,
        _ body: (inout StoreEngine) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let (result, wakes) = try writer.withLock { publisher throws(Failure) in
            inPlace ? try publisher.commitInPlace(body) : try publisher.commit(body)
        }
        for (_, wake) in wakes { wake() }
        return result
    }
}
