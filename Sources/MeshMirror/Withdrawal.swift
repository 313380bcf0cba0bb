internal import MeshRecords

/// What a mirror is letting go of, in steps, so that neither its lock nor its subscribers have to take everything at
/// once.
struct Withdrawal: Sendable {
    /// The most records that one step lets go of.
    static let recordsPerStep = 256

    /// The kinds that are going, and whether the sink is told of each record.
    private var kinds: [RecordKind: Bool] = [:]

    /// Whether nothing is going.
    var isDone: Bool { kinds.isEmpty }

    /// The kind that goes next, in the order of the kinds; `nil` if none does.
    var next: (kind: RecordKind, isToldToSink: Bool)? {
        kinds.min { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// All records of a kind are to go. What is said of it last counts.
    ///
    /// - Parameter isToldToSink: Whether the sink is told of each; not if it is told of all of them in one word.
    mutating func begin(_ kind: RecordKind, isToldToSink: Bool) {
        kinds[kind] = isToldToSink
    }

    /// A kind is gone.
    mutating func ended(_ kind: RecordKind) {
        kinds[kind] = nil
    }
}

extension MirrorCore {
    /// Finishes what is being withdrawn, letting other tasks run after each step. Several tasks may do so at once.
    func finishWithdrawal() async {
        while update({ $0.withdrawNext() }) { await Task.yield() }
    }
}

extension MirrorCore.State {
    /// All records of these kinds are to go, and what was told of them is void.
    mutating func withdraw(_ kinds: some Sequence<RecordKind>, isToldToSink: Bool) {
        for kind in kinds {
            withdrawal.begin(kind, isToldToSink: isToldToSink)
            layoutChange.withdrawn(kind)
            forget(MirrorRange.records(kind))
        }
    }

    /// What was told of these ranges is void.
    mutating func forget(_ ranges: [MirrorRange]) {
        for range in ranges {
            forgotten.insert(range)
            revisions[range] = nil
        }
    }

    /// Lets the next records go; answers whether more are to.
    mutating func withdrawNext() -> Bool {
        guard let (kind, isToldToSink) = withdrawal.next else { return false }
        let keys = cache.tables.keys(kind, atMost: Withdrawal.recordsPerStep)
        remove(keys, isToldToSink: isToldToSink)
        if cache.counts[kind] == 0 { withdrawal.ended(kind) }
        return !withdrawal.isDone
    }

    /// Lets records go, and tells of it.
    mutating func remove(_ keys: some Sequence<RecordKey>, isToldToSink: Bool) {
        let changes = keys.compactMap { cache.remove($0) }
        for change in changes { count(change) }
        publish(changes.map(RecordUpdate.changed))
        if isToldToSink, !changes.isEmpty { tell(.changed(changes.map { .delete($0.key) })) }
    }
}
