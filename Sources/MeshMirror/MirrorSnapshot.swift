public import MeshCore
public import MeshRecords

/// What a mirror held at one moment. Taking one is O(1); it never changes.
public struct MirrorSnapshot: Sendable {
    /// The peer's name.
    public let cluster: ClusterName

    /// Whether this was known to be the peer's state at that moment.
    public let isCurrent: Bool

    /// Up to which of the peer's revisions changes were applied.
    public let revision: Revision

    let tables: RecordTables
    let isWithdrawn: Bool

    /// How many records there are.
    public var counts: RecordCounts { tables.counts }

    /// The record of a key; `nil` if there is none. O(1).
    public subscript(key: RecordKey) -> MirrorRecord? { tables.record(key) }

    /// The records of a kind, in no order.
    public func records(_ kind: RecordKind) -> [MirrorRecord] { tables.records(kind) }

    /// Calls `body` with each record, in no order.
    public func forEach<Failure: Error>(_ body: (MirrorRecord) throws(Failure) -> Void) throws(Failure) {
        for kind in RecordKind.allCases {
            try tables.forEach(kind, body)
        }
    }

    /// What builds this snapshot from nothing: each record as added, and whether they are current.
    public var updates: [RecordUpdate] {
        let nothing = MirrorSnapshot(
            cluster: cluster,
            isCurrent: false,
            revision: .none,
            tables: RecordTables(),
            isWithdrawn: false
        )
        return nothing.updates(to: self)
    }

    /// What leads from this snapshot to a `later` one.
    func updates(to later: MirrorSnapshot) -> [RecordUpdate] {
        if later.isWithdrawn { return isWithdrawn ? [] : [.withdrawn(cluster)] }
        var updates = tables.changes(to: later.tables, of: cluster).map(RecordUpdate.changed)
        if isCurrent != later.isCurrent { updates.append(later.marker) }
        return updates
    }

    var marker: RecordUpdate { isCurrent ? .current(cluster) : .stale(cluster) }
}
