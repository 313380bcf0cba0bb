import MeshClient
import MeshCore
import MeshWire

/// A store with etcd's semantics as far as listing and watching show them, simple enough to be believed: it keeps the
/// whole state at every revision.
struct ModelServer {
    private(set) var clusterID: UInt64
    private(set) var raftTerm: UInt64 = 2
    private(set) var compacted: Revision = .none
    /// The state after each revision; index 0 is revision 0, which never was.
    private var states: [[Key: KeyValue]] = [[:], [:]]
    private var events: [[WatchEvent]] = [[], []]

    init(clusterID: UInt64 = 0xC0FFEE) {
        self.clusterID = clusterID
    }

    var revision: Revision { Revision(Int64(states.count - 1)) }

    var header: ResponseHeader {
        ResponseHeader(clusterID: clusterID, memberID: 7, revision: revision, raftTerm: raftTerm)
    }

    func state(at revision: Revision) -> [Key: KeyValue] { states[Int(revision.rawValue)] }

    var present: [Key: KeyValue] { states[states.count - 1] }

    // MARK: Changes

    @discardableResult
    mutating func put(_ pairs: (Key, String)...) -> Revision { write(puts: pairs, deletes: []) }

    @discardableResult
    mutating func delete(_ keys: Key...) -> Revision { write(puts: [], deletes: keys) }

    /// One transaction; the keys must differ.
    @discardableResult
    mutating func write(puts: [(Key, String)], deletes: [Key]) -> Revision {
        var state = present
        let next = revision.next
        var changes: [WatchEvent] = []
        for key in deletes where state.removeValue(forKey: key) != nil {
            changes.append(WatchEvent(kind: .delete, pair: .tombstone(key: key, modRevision: next)))
        }
        for (key, value) in puts {
            let pair = KeyValue(
                key: key,
                createRevision: state[key]?.createRevision ?? next,
                modRevision: next,
                version: (state[key]?.version ?? 0) + 1,
                value: value.utf8
            )
            state[key] = pair
            changes.append(WatchEvent(kind: .put, pair: pair))
        }
        guard !changes.isEmpty else { return revision }
        states.append(state)
        events.append(changes)
        return next
    }

    mutating func compact(to revision: Revision) {
        compacted = max(compacted, min(revision, self.revision))
    }

    /// Goes back to a backup of that revision: the same `cluster_id`, another future.
    mutating func restore(to revision: Revision) {
        states.removeLast(states.count - 1 - Int(revision.rawValue))
        events.removeLast(events.count - 1 - Int(revision.rawValue))
        compacted = min(compacted, revision)
    }

    mutating func setTerm(_ term: UInt64) { raftTerm = term }

    /// Another store, empty, behind the same address.
    mutating func replace(clusterID: UInt64) { self = ModelServer(clusterID: clusterID) }

    // MARK: What a client sees

    func range(_ request: RangeRequest) throws(EtcdError) -> (ResponseHeader, RangeAnswer) {
        let at = request.revision > .none ? request.revision : revision
        if at > revision { throw .futureRevision }
        if at < compacted { throw .compacted }
        var pairs = state(at: at).values.filter { request.range.contains($0.key) }
        let count = pairs.count
        switch request.sortTarget {
        case .modRevision: pairs.sort { ($0.modRevision, $0.key) < ($1.modRevision, $1.key) }
        default: pairs.sort { $0.key < $1.key }
        }
        if request.sortOrder == .descending { pairs.reverse() }
        let limit = request.limit > 0 ? Int(request.limit) : .max
        let answer = RangeAnswer(
            pairs: request.countOnly ? [] : Array(pairs.prefix(limit)),
            more: pairs.count > limit,
            count: Int64(count),
            revision: revision
        )
        return (header, answer)
    }

    func created(_ watchID: Int64 = 0) -> WatchServerMessage {
        var message = WatchServerMessage()
        message.header = header
        message.watchID = watchID
        message.created = true
        return message
    }

    /// The watch's next message and where it stands after it; `nil` if there is nothing to send.
    ///
    /// As a real etcd does, the header's revision is the store's present one even if the watch is not there yet.
    func message(_ range: KeyRange, from next: inout Revision, maximumRevisions: Int) -> WatchServerMessage? {
        var message = WatchServerMessage()
        message.header = header
        if next < compacted {
            message.canceled = true
            message.compactRevision = compacted
            return message
        }
        var revisions = 0
        while next <= revision, revisions < maximumRevisions {
            let changes = events[Int(next.rawValue)].filter { range.contains($0.pair.key) }
            message.events += changes
            next = next.next
            if !changes.isEmpty { revisions += 1 }
        }
        return message.events.isEmpty ? nil : message
    }

    /// A progress message of a watch that has been sent everything.
    func progress() -> WatchServerMessage {
        var message = WatchServerMessage()
        message.header = header
        return message
    }
}
