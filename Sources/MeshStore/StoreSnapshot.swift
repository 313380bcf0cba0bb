public import MeshCore

/// A store at one revision: immutable, made in O(1), read without any lock.
///
/// What it shares with the store and with other snapshots is kept in memory as long as the snapshot is.
public struct StoreSnapshot: Sendable {
    private let engine: StoreEngine

    init(_ engine: StoreEngine) {
        self.engine = engine
    }

    /// Which history it is of.
    public var origin: StoreOrigin { engine.origin }

    /// The revision of the snapshot.
    public var revision: Revision { engine.revision }

    /// The oldest revision that the snapshot can still answer for; ``Revision/none`` if it can for all.
    public var compactedRevision: Revision { engine.compactedRevision }

    /// The number of keys.
    public var count: Int { engine.index.liveCount }

    /// The pair of a key. O(log n).
    public subscript(key: Key) -> KeyValue? { engine[key] }

    /// The number of keys in `range`. O(log n).
    public func count(in range: KeyRange) -> Int { engine.index.count(in: range) }

    /// All pairs of `range` in the order of their keys.
    public func pairs(in range: KeyRange = .all) -> [KeyValue] {
        var pairs: [KeyValue] = []
        pairs.reserveCapacity(count(in: range))
        forEach(in: range) { pairs.append($0) }
        return pairs
    }

    /// Calls `body` with the pairs of `range` in the order of their keys, and stops at the first error it throws.
    public func forEach<Failure: Error>(
        in range: KeyRange = .all,
        _ body: (KeyValue) throws(Failure) -> Void
    ) throws(Failure) {
        var failure: Failure?
        engine.index.visit(range) { entry in
            do throws(Failure) {
                try body(entry.pair)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }

    /// Answers a read as etcd does, with the snapshot's revision for "now".
    ///
    /// - Throws: `EtcdError`: no key, a revision after the snapshot's, a compacted revision.
    public func range(_ request: RangeRequest) throws(EtcdError) -> RangeAnswer {
        try engine.range(request)
    }
}
