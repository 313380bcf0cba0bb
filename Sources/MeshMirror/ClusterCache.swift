public import MeshCore
public import MeshRecords

/// A record as a mirror holds it.
public struct MirrorRecord: Hashable, Sendable {
    /// The record.
    public var record: MeshRecord

    /// The revision of the peer's store that wrote it.
    public var modRevision: Revision

    /// Whether the peer has since written something to the key that was refused.
    ///
    /// The last good value is kept, as in Cilium: a peer whose new version writes what this one can't read must not take
    /// its services away at once. Unlike in Cilium it is kept over listings too, so that what a mirror holds does not
    /// depend on when it last connected.
    public var isOutdated: Bool

    /// A record that `modRevision` wrote.
    public init(_ record: MeshRecord, modRevision: Revision, isOutdated: Bool = false) {
        self.record = record
        self.modRevision = modRevision
        self.isOutdated = isOutdated
    }
}

/// What a mirror holds of its peer, and what it refused.
package struct ClusterCache {
    /// A change of a key, decoded before the cache is touched.
    package struct Change {
        /// The pair as the peer wrote it; of a deletion, its tombstone.
        let pair: KeyValue
        let revision: Revision
        let content: Content

        enum Content {
            case record(MeshRecord)
            /// A value that is no record; `kept` is the record that the key names, if it names one.
            case refused(RecordError, kept: RecordKey?)
            /// A deletion of the record that the key names, if it names one.
            case deleted(RecordKey?)
        }

        /// Decodes an event.
        package init(_ event: WatchEvent, _ decoder: RecordDecoder) {
            pair = event.pair
            revision = event.revision
            switch event.kind {
            case .delete:
                content = .deleted(try? decoder.recordKey(of: pair.key).get())
            case .put:
                switch decoder.decode(pair) {
                case .success(let record): content = .record(record)
                case .failure(let error): content = .refused(error, kept: try? decoder.recordKey(of: pair.key).get())
                }
            }
        }
    }

    let cluster: ClusterName
    private(set) var tables = RecordTables()
    private(set) var rejections = RejectionSummary()
    private(set) var outdated = 0
    private var refusedKeys: Set<Key> = []

    package init(cluster: ClusterName) {
        self.cluster = cluster
    }

    /// How many records are held.
    package var counts: RecordCounts { tables.counts }

    /// Applies a change; answers what it means for the records, `nil` if nothing.
    package mutating func apply(_ change: Change) -> RecordChange? {
        switch change.content {
        case .record(let record):
            forgetRefusal(of: change)
            return hold(record, change.revision)
        case .refused(let error, kept: let key):
            refuse(change, error)
            if let key { markOutdated(key) }
            return nil
        case .deleted(let key):
            forgetRefusal(of: change)
            return key.flatMap { remove($0) }
        }
    }

    /// Forgets which keys hold refused values: all keys will be told again.
    mutating func forgetRefusals() {
        refusedKeys = []
        rejections.current = 0
    }

    /// Lets everything go.
    mutating func removeAll() {
        self = ClusterCache(cluster: cluster)
    }

    private mutating func hold(_ record: MeshRecord, _ revision: Revision) -> RecordChange? {
        let (old, differs) = tables.hold(record, at: revision)
        if old?.isOutdated == true { outdated -= 1 }
        return differs ? RecordChange(cluster: cluster, key: record.key, old: old?.record, new: record) : nil
    }

    /// Lets a record go; answers the change, `nil` if there is no such record.
    mutating func remove(_ key: RecordKey) -> RecordChange? {
        guard let old = tables.remove(key) else { return nil }
        if old.isOutdated { outdated -= 1 }
        return RecordChange(cluster: cluster, key: key, old: old.record)
    }

    private mutating func markOutdated(_ key: RecordKey) {
        if tables.markOutdated(key) { outdated += 1 }
    }

    private mutating func refuse(_ change: Change, _ error: RecordError) {
        let key = change.pair.key
        refusedKeys.insert(key)
        rejections.total += 1
        rejections.current = refusedKeys.count
        if rejections.examples.count == RejectionSummary.maximumExamples { rejections.examples.removeFirst() }
        rejections.examples.append(Rejection(key: key, revision: change.revision, reason: error.message))
    }

    private mutating func forgetRefusal(of change: Change) {
        if refusedKeys.isEmpty { return }
        if refusedKeys.remove(change.pair.key) != nil { rejections.current = refusedKeys.count }
    }
}
