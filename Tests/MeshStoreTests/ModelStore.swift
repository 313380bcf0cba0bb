import MeshCore

@testable import MeshStore

/// What a store should do, written for obviousness alone: every key with the list of all it ever was.
struct ModelStore {
    struct Version {
        var revision: Int64
        /// `nil`: deleted.
        var pair: KeyValue?
    }

    var histories: [[UInt8]: [Version]] = [:]
    var events: [WatchEvent] = []
    var revision: Int64 = 1
    var compacted: Int64 = 0
    var maximumOperations = 128
    var leases: [Int64: Lease] = [:]
    var now = Duration.zero
    var isTimeRunning = false

    func pair(_ key: [UInt8], at revision: Int64) -> KeyValue? {
        histories[key]?.last { $0.revision <= revision }?.pair
    }

    func keys(in range: KeyRange) -> [[UInt8]] {
        histories.keys.filter { Self.contains(range, $0) }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    static func contains(_ range: KeyRange, _ key: [UInt8]) -> Bool {
        switch range.end {
        case .single: key == range.lower.bytes
        case .unbounded: !key.lexicographicallyPrecedes(range.lower.bytes)
        case .before(let end):
            !key.lexicographicallyPrecedes(range.lower.bytes) && key.lexicographicallyPrecedes(end.bytes)
        }
    }

    // MARK: - Reading

    func checkRevision(_ asked: Revision) throws(EtcdError) {
        if asked.rawValue > revision { throw .futureRevision }
        if asked.rawValue > 0, asked.rawValue < compacted { throw .compacted }
    }

    /// - Parameter now: the revision of "now", which inside a transaction is one ahead after the first change.
    func range(_ request: RangeRequest, now: Int64) -> RangeAnswer {
        let asked = request.revision.rawValue
        var pairs = keys(in: request.range).compactMap { pair($0, at: asked > 0 ? asked : now) }
        let count = Int64(pairs.count)
        if request.countOnly {
            return RangeAnswer(pairs: [], more: false, count: count, revision: Revision(now))
        }
        // etcd cuts before sorting when no order is given.
        let hasFilter =
            request.minimumModRevision.rawValue != 0 || request.maximumModRevision.rawValue != 0
            || request.minimumCreateRevision.rawValue != 0 || request.maximumCreateRevision.rawValue != 0
        if request.sortOrder == .none, !hasFilter, request.limit > 0 {
            pairs = Array(pairs.prefix(Int(request.limit) + 1))
        }
        if request.minimumModRevision != .none { pairs.removeAll { $0.modRevision < request.minimumModRevision } }
        if request.maximumModRevision != .none { pairs.removeAll { $0.modRevision > request.maximumModRevision } }
        if request.minimumCreateRevision != .none {
            pairs.removeAll { $0.createRevision < request.minimumCreateRevision }
        }
        if request.maximumCreateRevision != .none {
            pairs.removeAll { $0.createRevision > request.maximumCreateRevision }
        }
        let ranked = pairs.enumerated().sorted { left, right in
            let order = Self.order(left.element, right.element, by: request.sortTarget)
            if order == 0 { return left.offset < right.offset }
            return request.sortOrder == .descending ? order > 0 : order < 0
        }
        pairs = ranked.map(\.element)
        var more = false
        if request.limit > 0, pairs.count > Int(request.limit) {
            pairs = Array(pairs.prefix(Int(request.limit)))
            more = true
        }
        if request.keysOnly { pairs = pairs.map(\.withoutValue) }
        return RangeAnswer(pairs: pairs, more: more, count: count, revision: Revision(now))
    }

    private static func order(_ left: KeyValue, _ right: KeyValue, by target: RangeRequest.SortTarget) -> Int {
        func order<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
            left == right ? 0 : left < right ? -1 : 1
        }
        switch target {
        case .key: return order(left.key, right.key)
        case .version: return order(left.version, right.version)
        case .createRevision: return order(left.createRevision, right.createRevision)
        case .modRevision: return order(left.modRevision, right.modRevision)
        case .value:
            if Array(left.value) == Array(right.value) { return 0 }
            return left.value.lexicographicallyPrecedes(right.value) ? -1 : 1
        }
    }

    /// All events that a watch from `start` should see, without bounds; `nil` if it should end as compacted.
    func events(for cursor: WatchCursor) -> [WatchEvent]? {
        if cursor.next.rawValue < compacted { return nil }
        return events.compactMap { event in
            guard event.revision >= cursor.next, Self.contains(cursor.range, event.pair.key.bytes) else { return nil }
            if event.kind == .put, !cursor.options.includesPuts { return nil }
            if event.kind == .delete, !cursor.options.includesDeletes { return nil }
            var event = event
            event.previous = nil
            // A created key has nothing before it, also where the same transaction deleted it first.
            if cursor.options.previousPairs, event.revision.rawValue - 1 >= compacted, !event.isCreate {
                event.previous = pair(event.pair.key.bytes, at: event.revision.rawValue - 1)
            }
            return event
        }
    }

    // MARK: - Writing

    mutating func put(_ request: PutRequest) throws(EtcdError) -> PutAnswer {
        try Self.checkShape(request)
        // The lease's fault counts before the key's here, and after it inside a transaction.
        if request.lease != .none, leases[request.lease.rawValue] == nil { throw .leaseNotFound }
        try check(request)
        let previous = write(request, at: revision + 1)
        revision += 1
        return PutAnswer(revision: Revision(revision), previous: previous)
    }

    mutating func delete(_ request: DeleteRequest) -> DeleteAnswer {
        let deleted = remove(request.range, at: revision + 1)
        if !deleted.isEmpty { revision += 1 }
        return DeleteAnswer(
            revision: Revision(revision),
            deleted: Int64(deleted.count),
            previous: request.previousPairs ? deleted : []
        )
    }

    mutating func compact(to target: Revision) throws(EtcdError) {
        if target.rawValue <= compacted { throw .compacted }
        if target.rawValue > revision { throw .futureRevision }
        forget(before: target.rawValue)
    }

    /// What is before the compacted revision is never asked for again; only time is saved by not keeping it.
    mutating func forget(before revision: Int64) {
        guard revision > compacted else { return }
        compacted = revision
        events.removeAll { $0.revision.rawValue < revision }
    }

    static func checkShape(_ request: PutRequest) throws(EtcdError) {
        if request.ignoreValue, !request.value.isEmpty { throw .valueProvided }
        if request.ignoreLease, request.lease != .none { throw .leaseProvided }
    }

    func check(_ request: PutRequest) throws(EtcdError) {
        if request.ignoreValue || request.ignoreLease, pair(request.key.bytes, at: revision) == nil {
            throw .keyNotFound
        }
        if request.lease != .none, leases[request.lease.rawValue] == nil { throw .leaseNotFound }
    }

    mutating func write(_ request: PutRequest, at next: Int64) -> KeyValue? {
        let old = pair(request.key.bytes, at: next)
        let new = KeyValue(
            key: request.key,
            createRevision: old?.createRevision ?? Revision(next),
            modRevision: Revision(next),
            version: (old?.version ?? 0) + 1,
            value: request.ignoreValue ? Array(old?.value ?? []) : request.value,
            lease: request.ignoreLease ? old?.lease ?? .none : request.lease
        )
        histories[request.key.bytes, default: []].append(Version(revision: next, pair: new))
        events.append(WatchEvent(kind: .put, pair: new))
        return request.previousPair ? old : nil
    }

    mutating func remove(_ range: KeyRange, at next: Int64) -> [KeyValue] {
        let deleted = keys(in: range).compactMap { pair($0, at: next) }
        for pair in deleted {
            histories[pair.key.bytes, default: []].append(Version(revision: next, pair: nil))
            let tombstone = KeyValue.tombstone(key: pair.key, modRevision: Revision(next))
            events.append(WatchEvent(kind: .delete, pair: tombstone))
        }
        return deleted
    }
}
