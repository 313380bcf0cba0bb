internal import MeshCore

/// A store as a plain value: its keys, its history and its rules, without locks, clocks or tasks.
///
/// Copying it costs O(1), and a copy is a snapshot. A method that throws leaves it as it was.
struct StoreEngine: Sendable {
    var index = KeyIndex()
    var history = History()
    var leases = LeaseTable()

    /// The revision of the last transaction that changed something.
    var revision = Revision.initial

    /// What is older than this can't be read any more; ``Revision/none`` as long as everything can.
    var compactedRevision = Revision.none

    /// The revision of the list that the history begins with: what changed there is not known, so that a watch can only
    /// begin after it. ``Revision/none`` where the history begins with an empty store.
    var firstListed = Revision.none

    /// Which history this is.
    var origin: StoreOrigin

    /// The sum of the encoded sizes of all live pairs.
    var liveBytes = 0

    let configuration: KVStoreConfiguration

    init(
        configuration: KVStoreConfiguration = KVStoreConfiguration(),
        origin: StoreOrigin = StoreOrigin(identity: .random())
    ) {
        self.configuration = configuration
        self.origin = origin
    }

    /// The first revision that a watch can begin with.
    var firstWatchable: Revision { firstListed == .none ? compactedRevision : max(compactedRevision, firstListed.next) }

    /// Where the store stands.
    var head: StoreHead { StoreHead(origin: origin, revision: revision, firstWatchable: firstWatchable) }

    /// The pair of `key` now.
    subscript(key: Key) -> KeyValue? { index.livePair(key) }

    /// Whether nothing was changed between this state and `other`, which are states of one store.
    func isSameState(as other: StoreEngine) -> Bool {
        revision == other.revision && compactedRevision == other.compactedRevision && origin == other.origin
            && leases.changes == other.leases.changes
    }

    /// The encoded sizes of all pairs, live and past.
    var storedBytes: Int { liveBytes + history.pastBytes }

    // MARK: - Writing

    /// Writes one pair.
    mutating func put(_ request: PutRequest) throws(EtcdError) -> PutAnswer {
        try request.checkShape()
        try checkSize(request.encodedSize)
        try checkRoom(for: CollectionOfOne(request))
        // Of both faults etcd answers with the lease's here, and with the key's inside a transaction.
        if request.lease != .none, !leases.contains(request.lease) { throw .leaseNotFound }
        try check(request)
        let previous = write(request, at: revision.next)
        finishTransaction()
        return PutAnswer(revision: revision, previous: previous)
    }

    /// Deletes the keys of a range; nothing happens, and no revision is made, if it has none.
    mutating func delete(_ request: DeleteRequest) throws(EtcdError) -> DeleteAnswer {
        try request.checkShape()
        try checkSize(request.encodedSize)
        let deleted = remove(request.range, at: revision.next)
        finishTransaction()
        return DeleteAnswer(
            revision: revision,
            deleted: Int64(deleted.count),
            previous: request.previousPairs ? deleted : []
        )
    }

    /// Whether the put can be done now; etcd asks this of all puts of a transaction before it does the first.
    func check(_ request: PutRequest) throws(EtcdError) {
        if request.ignoreValue || request.ignoreLease, self[request.key] == nil { throw .keyNotFound }
        if request.lease != .none, !leases.contains(request.lease) { throw .leaseNotFound }
    }

    /// Writes a pair that ``check(_:)`` allowed, as part of the transaction that makes `revision`.
    ///
    /// - Returns: the pair before, if the request asks for it.
    mutating func write(_ request: PutRequest, at revision: Revision) -> KeyValue? {
        let (previous, bytes, lease) = Self.write(request, at: revision, &index, &history)
        liveBytes += bytes - (previous?.encoded.count ?? 0)
        if !leases.isEmpty { leases.move(request.key, from: previous?.lease ?? .none, to: lease) }
        return request.previousPair ? previous : nil
    }

    /// - Returns: the live pair before, and the size and the lease of the new one.
    private static func write(
        _ request: PutRequest,
        at revision: Revision,
        _ index: inout KeyIndex,
        _ history: inout History
    ) -> (previous: KeyValue?, bytes: Int, lease: LeaseID) {
        var previous: KeyValue?
        var bytes = 0
        var lease = request.lease
        index.update(request.key) { entry in
            let older = entry?.position
            if let entry, entry.isLive { previous = entry.pair }
            let life = previous?.life ?? (createRevision: revision, version: 0)
            if request.ignoreLease { lease = previous?.lease ?? .none }
            let pair = KeyValue(
                key: request.key,
                createRevision: life.createRevision,
                modRevision: revision,
                version: life.version + 1,
                value: request.ignoreValue ? previous?.value ?? [] : request.value[...],
                lease: lease
            )
            bytes = pair.encoded.count
            let change = Change(pair: pair, previous: previous, revision: revision, kind: .put)
            let position = history.append(change, after: older)
            return IndexEntry(pair: pair, position: position, isLive: true)
        }
        return (previous, bytes, lease)
    }

    /// Deletes the keys of a range as part of the transaction that makes `revision`.
    ///
    /// - Returns: the deleted pairs.
    mutating func remove(_ range: KeyRange, at revision: Revision) -> [KeyValue] {
        var deleted: [KeyValue] = []
        index.visit(range) { entry in
            deleted.append(entry.pair)
            return true
        }
        for pair in deleted {
            Self.remove(pair, at: revision, &index, &history)
            liveBytes -= pair.encoded.count
            if !leases.isEmpty { leases.move(pair.key, from: pair.lease, to: .none) }
        }
        return deleted
    }

    private static func remove(
        _ pair: KeyValue,
        at revision: Revision,
        _ index: inout KeyIndex,
        _ history: inout History
    ) {
        let key = pair.key
        let tombstone = KeyValue.tombstone(key: key, modRevision: revision)
        index.update(key) { entry in
            let change = Change(pair: tombstone, previous: pair, revision: revision, kind: .delete)
            let position = history.append(change, after: entry?.position)
            return IndexEntry(pair: tombstone, position: position, isLive: false)
        }
    }

    /// Makes the next revision if something was changed in its name, and keeps history in its bounds.
    mutating func finishTransaction() {
        guard hasChanges else { return }
        revision = revision.next
        trimToBounds()
    }

    /// Whether something was changed in the name of the next revision.
    var hasChanges: Bool { history.lastRevision > revision }
}

// MARK: - Requests

extension PutRequest {
    /// Refuses what no state of a store could make right.
    func checkShape() throws(EtcdError) {
        if key.isEmpty { throw .emptyKey }
        if ignoreValue, !value.isEmpty { throw .valueProvided }
        if ignoreLease, lease != .none { throw .leaseProvided }
    }
}

extension DeleteRequest {
    /// Refuses what no state of a store could make right.
    func checkShape() throws(EtcdError) {
        if range.lower.isEmpty { throw .emptyKey }
    }
}
