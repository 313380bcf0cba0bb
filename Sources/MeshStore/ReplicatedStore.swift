package import MeshCore

/// A store that holds what another one holds: the same pairs at the same revisions, told to it from outside.
///
/// Its readers cannot tell it from a ``KVStore``, but for three things: before the first list everything is refused with
/// Unavailable; its identity and term are those of the followed store; and when that is replaced by another one, or its
/// history cannot be continued, a reset takes the place of everything, which ends all watches as a compaction does.
///
/// Its history begins with the list of the last reset, at revision R: reads at R and later are answered, a watch can
/// begin at R + 1. It grows with each change, and is bounded in changes and bytes as a local store's is, but not in age:
/// nobody here looks at a clock, and the followed store may have compacted more than this one has. Leases are numbers
/// on pairs here; the followed store keeps them.
///
/// Only the `package` methods change it, and they belong to one writer at a time; readers are any number, on any thread.
public final class ReplicatedStore: Sendable {
    /// Reads and watches of this store.
    public let reader: StoreReader

    private let configuration: KVStoreConfiguration
    private let writer: Locked<StorePublisher>

    /// Makes a store that refuses every read until it is told what it holds. Of the configuration, the bounds of
    /// history in changes and bytes, and that of kept snapshots, matter.
    public init(configuration: KVStoreConfiguration = KVStoreConfiguration()) {
        // The identity is never shown: there is nothing to read.
        let origin = StoreOrigin(identity: .random(), generation: StoreOrigin.noHistory)
        let engine = StoreEngine(configuration: configuration, origin: origin)
        let publisher = StorePublisher(engine: engine, freshness: .unknown)
        self.configuration = configuration
        reader = StoreReader(publisher.publication)
        writer = Locked(publisher)
    }

    /// Replaces everything by a list: a new history, which begins at `revision`. Every watch ends.
    ///
    /// O(n log n); readers wait only for the exchange.
    package func reset(
        to pairs: some Sequence<KeyValue> & Sendable,
        at revision: Revision,
        identity: StoreIdentity,
        raftTerm: UInt64
    ) {
        commit { engine in
            let generation = engine.origin.generation + 1
            engine = StoreEngine(
                configuration: configuration,
                origin: StoreOrigin(identity: identity, raftTerm: raftTerm, generation: generation),
                listed: pairs,
                at: revision
            )
        }
    }

    /// Takes the changes of whole revisions, in their order, and with them everything up to `complete`, which may be
    /// later than the last of them, or come without any.
    ///
    /// - Throws: ``ReplicationError`` if they do not continue the history; nothing has changed then.
    package func append(_ events: [WatchEvent], through complete: Revision) throws(ReplicationError) {
        try commit { engine throws(ReplicationError) in try engine.append(events, through: complete) }
    }

    /// Notes that nothing changed up to `revision`; an earlier one is known already.
    package func advance(to revision: Revision) {
        commit { engine in
            if revision > engine.revision { engine.revision = revision }
        }
    }

    /// Notes the term of the followed store's consensus. Within one history it never goes back.
    ///
    /// - Parameter generation: the history that the term is of; if it was replaced since, nothing is noted.
    package func note(raftTerm: UInt64, in generation: UInt64) {
        guard raftTerm > reader.head.origin.raftTerm else { return }
        commit { engine in
            guard engine.origin.generation == generation else { return }
            engine.origin.raftTerm = max(engine.origin.raftTerm, raftTerm)
        }
    }

    /// Forgets what is older than `revision`.
    ///
    /// - Throws: `EtcdError`: compacted already, or in the future.
    package func compact(to revision: Revision) throws(EtcdError) {
        try commit { engine throws(EtcdError) in try engine.compact(to: revision) }
    }

    /// Says whether the store may be behind what it follows, because that is not connected.
    package func setStale(_ isStale: Bool) {
        reader.publication.setStale(isStale)
    }

    /// Says how a read learns that the store is far enough to be fresh; `nil`: it can't, and is refused.
    ///
    /// - Parameter confirm: returns once the store is as far as the followed one was at the call.
    package func setFreshness(_ confirm: (@Sendable () async throws(EtcdError) -> Void)?) {
        reader.publication.setFreshness(confirm.map { .confirmed(by: $0) } ?? .unknown)
    }

    private func commit<Failure: Error>(
        _ body: (inout StoreEngine) throws(Failure) -> Void
    ) throws(Failure) {
        let (_, wakes) = try writer.withLock { publisher throws(Failure) in try publisher.commit(body) }
        for (_, wake) in wakes { wake() }
    }
}
