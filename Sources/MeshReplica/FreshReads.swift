internal import DequeModule
internal import MeshCore

/// Decides when reads that must be fresh may go on.
///
/// A read is fresh if it sees what was committed before it was asked for. So each waits for a linearizable read of the
/// etcd that *began after it was asked for*, which says a revision, and then until the store is that far. One such read
/// is under way at a time, for all that waited when it began: who comes meanwhile waits for the next one.
///
/// What an etcd said counts only on the connection on which its changes come, and for the history that the store is in:
/// another one behind the same address, restored from a backup, would confirm what it never had.
///
/// Pure: time is a parameter, counted from any fixed point; a waiter is whatever the owner resumes.
struct FreshReads<Waiter>: ~Copyable {
    /// The state of what is followed when its watch began, or a read was sent.
    struct Following: Hashable {
        var clusterID: UInt64
        var raftTerm: UInt64
        /// Tells one transport connection from another.
        var connection: Int
    }

    struct Pending {
        var id: UInt64
        var waiter: Waiter
        var deadline: Duration
    }

    /// What follows from a new waiter.
    enum AskAction: Hashable {
        /// Wake who sends reads to the etcd: see ``FreshReads/readDue()``.
        case wake
        /// It is waited for; nothing is to be done.
        case wait
        /// It can't be waited for. The waiter was not taken.
        case refuse(EtcdError)
    }

    /// What follows from the etcd's answer.
    struct AnswerAction {
        /// Whom to resume: the store is as far as they need.
        var fresh: [Waiter] = []
        /// Whether the etcd must be asked how far the watch is, because no change may come that says it.
        var requestsProgress = false
        /// Why the connection must be given up; `nil` if it goes on.
        var abort: FollowingError?
    }

    /// How an answer shows that another history has taken the followed one's place.
    enum FollowingError: String, Hashable {
        case otherStore = "another cluster_id answered"
        case revisionWentBack = "the revision went back"
        case termWentBack = "the raft term went back"
        case reconnected = "the transport connected again beside the watch"
    }

    private let maximumWaiters: Int
    /// Whether changes that this side is not told of by events may be part of a revision.
    private let needsProgress: Bool

    private var following: Following?
    private var applied: Revision = .none
    /// Those for whom no read was sent yet, in the order in which they came.
    private var queued: Deque<Pending> = []
    /// Whether a read is under way.
    private var isReading = false
    /// Those for whom it was sent.
    private var sent: [Pending] = []
    /// The store's revision when it was sent.
    private var appliedWhenSent: Revision = .none
    /// Those whose revision is known, and not reached.
    private var confirmed: [(revision: Revision, pending: Pending)] = []
    private var isOver = false

    init(maximumWaiters: Int, needsProgress: Bool) {
        self.maximumWaiters = maximumWaiters
        self.needsProgress = needsProgress
    }

    /// How many wait.
    var count: Int { queued.count + sent.count + confirmed.count }

    /// When the next of them has waited long enough.
    var nextDeadline: Duration? {
        // Deadlines grow in the order of asking; of each kind the first is the earliest.
        [queued.first?.deadline, sent.first?.deadline, confirmed.first?.pending.deadline].compactMap { $0 }.min()
    }

    // MARK: Waiters

    /// A read must be fresh.
    mutating func asked(_ waiter: Waiter, id: UInt64, deadline: Duration) -> AskAction {
        if isOver { return .refuse(.stopped) }
        guard count < maximumWaiters else { return .refuse(.tooManyRequests) }
        queued.append(Pending(id: id, waiter: waiter, deadline: deadline))
        return following != nil && !isReading ? .wake : .wait
    }

    /// A waiter is not interested any more; `nil` if it was resumed before.
    mutating func withdrawn(_ id: UInt64) -> Waiter? {
        takeAll { $0.id == id }.first
    }

    /// Time has come to `now`; answers those whose time is up.
    mutating func timePassed(_ now: Duration) -> [Waiter] {
        takeAll { $0.deadline <= now }
    }

    /// Nobody will be confirmed any more; answers all that waited.
    mutating func ended() -> [Waiter] {
        isOver = true
        following = nil
        return takeAll { _ in true }
    }

    // MARK: The etcd

    /// The store is told of changes as they come, from `applied` on; answers whether to wake who sends reads.
    mutating func followingBegan(_ following: Following, applied: Revision) -> Bool {
        self.following = following
        self.applied = applied
        return !queued.isEmpty && !isReading
    }

    /// The store is not told of changes any more. Who waits, waits for the next time: what was said before may be of
    /// another history.
    mutating func followingEnded() {
        following = nil
        var all = sent + confirmed.map(\.pending) + queued
        all.sort { $0.id < $1.id }
        queued = Deque(all)
        // The answer to a read that is under way will be for nobody.
        sent = []
        confirmed = []
    }

    /// A read could be sent now: answers whether to do so. If so, ``answered(_:connection:)`` or ``failed(_:)`` follows.
    mutating func readDue() -> Bool {
        guard following != nil, !isReading, !queued.isEmpty else { return false }
        isReading = true
        sent = Array(queued)
        queued = []
        appliedWhenSent = applied
        return true
    }

    /// The store has applied everything up to `revision`; answers whom that makes fresh.
    mutating func storeAdvanced(to revision: Revision) -> [Waiter] {
        applied = max(applied, revision)
        let reached = confirmed.filter { $0.revision <= applied }
        if !reached.isEmpty { confirmed.removeAll { $0.revision <= applied } }
        return reached.map(\.pending.waiter)
    }

    /// The etcd answered the read that was sent.
    ///
    /// - Parameter connection: the transport connection that is there after the answer.
    mutating func answered(_ header: ResponseHeader, connection: Int) -> AnswerAction {
        var action = AnswerAction()
        isReading = false
        guard !sent.isEmpty, let following else { return action }
        if let error = difference(header, following, connection) {
            followingEnded()
            action.abort = error
            return action
        }
        self.following?.raftTerm = header.raftTerm
        if header.revision <= applied {
            action.fresh = sent.map(\.waiter)
        } else {
            confirmed += sent.map { (header.revision, $0) }
            action.requestsProgress = needsProgress
        }
        sent = []
        return action
    }

    /// The read that was sent failed; answers those who are told so. Others wait on, for another read after a pause, or
    /// on the next connection.
    mutating func failed(_ error: EtcdError) -> [Waiter] {
        isReading = false
        let pending = sent
        sent = []
        switch error.code {
        case .unavailable, .deadlineExceeded, .cancelled, .resourceExhausted:
            for pending in pending.reversed() { queued.prepend(pending) }
            return []
        default:
            return pending.map(\.waiter)
        }
    }

    private func difference(_ header: ResponseHeader, _ following: Following, _ connection: Int) -> FollowingError? {
        if connection != following.connection { return .reconnected }
        if header.clusterID != following.clusterID { return .otherStore }
        if header.raftTerm < following.raftTerm { return .termWentBack }
        if header.revision < appliedWhenSent { return .revisionWentBack }
        return nil
    }

    private mutating func takeAll(where isMeant: (Pending) -> Bool) -> [Waiter] {
        var taken: [Waiter] = []
        func isTaken(_ pending: Pending) -> Bool {
            guard isMeant(pending) else { return false }
            taken.append(pending.waiter)
            return true
        }
        confirmed.removeAll { isTaken($0.pending) }
        sent.removeAll(where: isTaken)
        queued.removeAll(where: isTaken)
        return taken
    }
}
