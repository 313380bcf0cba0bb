public import MeshCore

/// Follows one range of an etcd server: lists it, watches it, and survives whatever happens in between.
///
/// The machine knows keys and revisions, and never sees a socket, a clock or a task: its owner reports events and does
/// what the returned ``ListWatchStep`` says. It lives as long as the range is followed, over any number of connections:
///
///     connected ─┬─▶ listing ─▶ watching ─▶ (compacted) ─▶ listing ─▶ …        disconnected ─▶ idle ─▶ connected …
///                └─▶ verifying ─▶ watching
///                             └─▶ listing
///
/// A *listing* reads pages in key order; the header of page one pins the revision of all others, and the watch begins
/// at that revision + 1. Each page is applied when it comes, compared with what is known: an unchanged pair is no
/// change. What vanished is deleted after the last page, and only then. A compaction in mid-list begins a new
/// listing; nothing that was applied has to be taken back for that.
///
/// After a cut the watch *resumes* at the last complete revision + 1 without listing, but never blindly: a store that
/// was restored from a backup, with the same `cluster_id`, would leave a gap without any error. So the machine first
/// *verifies* that the store still has the last change that was applied and, where the complete revision R was told
/// later by a listing or a progress message, that at R the number of keys and the newest of them are what is known. If
/// the store has something else, if another `cluster_id` answers, or if revision or `raft_term` of a linearizable read
/// went back, the range is listed again and compared.
///
/// The header of a message with events is *not* taken for the complete revision, the last event's revision is: a real
/// etcd writes its present revision there even while a watch catches up.
public struct ListWatchStateMachine: ~Copyable {
    /// How many listings may begin anew on one connection before the machine gives it up.
    public static let maximumRestarts = 5

    /// The range that is followed.
    public let range: KeyRange

    /// The pairs that a page holds at most. It is halved when a page is too large for the transport.
    public internal(set) var pageSize: Int

    /// The revision up to which everything is applied; `nil` before the first listing ended, and from the moment a
    /// listing is due until it ended.
    public var completeRevision: Revision? { cursor?.revision }

    /// The number of keys that are known.
    public var keyCount: Int { known.count }

    /// The greatest revision that a header of the present history named.
    public internal(set) var storeRevision: Revision = .none

    var state: State = .idle
    var known: KnownKeys
    var cursor: Cursor?
    /// The listing that is due: set when it becomes due, cleared when it ended.
    var due: ListingCause? = .first
    /// The store that answers on this connection.
    var pin: UInt64?
    /// The store whose history `known` is of.
    var history: History?
    var restarts = 0

    /// Makes a machine that knows nothing.
    ///
    /// - Parameter pageSize: The pairs that a page holds at most; below 1 counts as 1.
    public init(range: KeyRange, pageSize: Int = 256) {
        self.range = range
        self.pageSize = max(1, pageSize)
        known = KnownKeys(of: range)
    }

    enum State {
        case idle
        case listing(Listing)
        case verifying(Verification)
        case watching(Watching)
        case failed
    }

    struct Watching {
        /// Whether the server has confirmed the watch.
        var isCreated = false
    }

    /// How far everything is applied.
    struct Cursor {
        var revision: Revision
        /// The last change that a watch brought; `nil` if none came since the listing.
        var lastChange: Change?
    }

    /// A change that a store of the same history must still have.
    struct Change {
        var key: Key
        var revision: Revision
        var kind: WatchEvent.Kind
        /// Of the written pair, or of the pair that was deleted.
        var fingerprint: Int
    }

    struct History {
        var clusterID: UInt64
        var raftTerm: UInt64
        /// The greatest revision that was applied or listed.
        var revision: Revision
    }
}

// MARK: - Connections

extension ListWatchStateMachine {
    /// A connection is there.
    ///
    /// - Parameter clusterID: The store that was already seen on this connection; `nil` lets the first answer say it.
    public mutating func connected(to clusterID: UInt64? = nil) -> ListWatchStep {
        guard case .idle = state else { preconditionFailure("connected in state \(state)") }
        pin = clusterID
        restarts = 0
        if let pin, let history, history.clusterID != pin {
            makeListingDue(.otherStore)
        } else if due == nil, known.isIncomplete {
            makeListingDue(.incomplete)
        }
        guard due == nil, let cursor else { return beginListing() }
        return beginVerification(cursor)
    }

    /// The connection is gone, whoever ended it. What is known stays.
    public mutating func disconnected() {
        state = .idle
        pin = nil
    }

    /// The last step's batch was not applied: the connection is given up, and all of the range is told again.
    public mutating func batchRefused() {
        known.distrust()
        makeListingDue(.notApplied)
        state = .failed
    }

    /// Everything that was told of the range is void: the next connection lists it as if for the first time, and tells
    /// of every key. Not while a connection is there.
    public mutating func forget(budget: inout FollowBudget) {
        guard case .idle = state else { preconditionFailure("forgotten in state \(state)") }
        known.beginListing()
        _ = known.endListing(budget: &budget)
        cursor = nil
        due = .first
        forgetHistory()
    }

    /// The read that the last step asked for was answered.
    public mutating func rangeAnswered(
        _ header: ResponseHeader,
        _ answer: RangeAnswer,
        budget: inout FollowBudget
    ) -> ListWatchStep {
        if let failure = checkPin(header) { return failure }
        switch state {
        case .listing(let listing):
            return pageReceived(header, answer, listing, budget: &budget)
        case .verifying(let verification):
            return verificationReceived(header, answer, verification)
        case .idle, .watching, .failed:
            preconditionFailure("a range was answered in state \(state)")
        }
    }

    /// The read that the last step asked for failed.
    public mutating func rangeFailed(_ error: EtcdError) -> ListWatchStep {
        switch state {
        case .listing(let listing):
            return pageFailed(error, listing)
        case .verifying(let verification):
            return verificationFailed(error, verification)
        case .idle, .watching, .failed:
            preconditionFailure("a range failed in state \(state)")
        }
    }

    mutating func halvePageSize() -> Bool {
        guard pageSize > 1 else { return false }
        pageSize /= 2
        return true
    }
}

// MARK: - What all states share

extension ListWatchStateMachine {
    mutating func abort(_ code: FollowError.Code, _ message: String, cause: EtcdError? = nil) -> ListWatchStep {
        state = .failed
        return ListWatchStep(next: .abort(FollowError(code, "\(range): \(message)", cause: cause)))
    }

    /// Holds a header against the store that this connection began with.
    mutating func checkPin(_ header: ResponseHeader?) -> ListWatchStep? {
        guard let header, header.clusterID != 0 else {
            return abort(.headerMissing, "the server's message has no header with a cluster_id")
        }
        guard let pin else {
            pin = header.clusterID
            return nil
        }
        guard header.clusterID == pin else {
            return abort(
                .storeChanged,
                "the connection began with store \(hex(pin)), now \(hex(header.clusterID)) answers"
            )
        }
        return nil
    }

    /// How the header of a linearizable read shows that the store is not the one that was followed; `nil` if it may be.
    func differenceInHistory(_ header: ResponseHeader) -> ListingCause? {
        guard let history else { return nil }
        if header.clusterID != history.clusterID { return .otherStore }
        if header.revision < history.revision { return .revisionWentBack }
        if header.raftTerm < history.raftTerm { return .termWentBack }
        return nil
    }

    /// Remembers what a linearizable read's header said of the present history.
    mutating func noteHistory(_ header: ResponseHeader) {
        var present = history ?? History(clusterID: header.clusterID, raftTerm: 0, revision: .none)
        present.raftTerm = max(present.raftTerm, header.raftTerm)
        history = present
        storeRevision = max(storeRevision, header.revision)
    }

    mutating func noteApplied(_ revision: Revision) {
        if var present = history {
            present.revision = max(present.revision, revision)
            history = present
        }
        storeRevision = max(storeRevision, revision)
    }

    /// From here on the range has to be listed before it can be watched. The first listing stays the first until it
    /// ended.
    mutating func makeListingDue(_ cause: ListingCause) {
        cursor = nil
        if due != .first { due = cause }
    }

    /// Forgets what was said of the old history, as a new one begins.
    mutating func forgetHistory() {
        history = nil
        storeRevision = .none
    }

    private func hex(_ number: UInt64) -> String { String(number, radix: 16) }
}

extension EtcdError {
    /// Whether the revision that was asked for has been compacted.
    var saysCompacted: Bool { code == .outOfRange && message.hasSuffix("required revision has been compacted") }

    /// Whether the revision that was asked for has not been reached.
    var saysFutureRevision: Bool { code == .outOfRange && message.hasSuffix("required revision is a future revision") }
}
