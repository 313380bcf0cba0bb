internal import DequeModule
internal import MeshCore

/// One stream of keep-alives: which leases wait to be renewed, which answers wait to be sent, when reading pauses.
///
/// Every renewal is answered, in the order of the requests. Both queues are bounded by pausing the reading.
struct KeepAliveStateMachine: Hashable, Sendable {
    /// How many renewals may wait or be unanswered before the stream is not read any further; it is read again at half.
    let maximumPending: Int

    private var requested: Deque<LeaseID> = []
    private var answers: Deque<LeaseKeepAliveAnswer> = []
    /// How many renewals were taken and not given back as answers.
    private var underWay = 0
    private var isPaused = false
    private var clientHasFinished = false

    /// - Precondition: `maximumPending` is at least 1.
    init(maximumPending: Int) {
        precondition(maximumPending > 0, "a stream of keep-alives with room for \(maximumPending)")
        self.maximumPending = maximumPending
    }

    private var pending: Int { requested.count + underWay + answers.count }

    /// Whether to go on reading.
    enum ReadingAction: Hashable, Sendable {
        case continueReading
        case pauseReading
    }

    /// The client asked for a renewal.
    mutating func renewalRequested(_ lease: LeaseID) -> ReadingAction {
        requested.append(lease)
        if pending >= maximumPending { isPaused = true }
        return isPaused ? .pauseReading : .continueReading
    }

    /// The client will ask no more.
    mutating func clientFinished() {
        clientHasFinished = true
    }

    /// Takes the renewals that wait; each must come back by ``renewed(_:)``.
    mutating func takeRequests() -> [LeaseID] {
        guard !requested.isEmpty else { return [] }
        defer { requested.removeAll() }
        underWay += requested.count
        return Array(requested)
    }

    /// Renewals were done, in their order.
    mutating func renewed(_ done: [LeaseKeepAliveAnswer]) {
        underWay -= done.count
        answers.append(contentsOf: done)
    }

    /// What to do when there is room for a message.
    enum SendingAction: Hashable, Sendable {
        case send(LeaseKeepAliveAnswer, moreFollows: Bool, resumesReading: Bool)
        case idle
        /// Everything is answered and nothing will be asked.
        case finish
    }

    /// There is room for a message.
    mutating func next() -> SendingAction {
        guard let answer = answers.popFirst() else {
            return clientHasFinished && pending == 0 ? .finish : .idle
        }
        let resumes = isPaused && pending <= maximumPending / 2
        if resumes { isPaused = false }
        return .send(answer, moreFollows: !answers.isEmpty, resumesReading: resumes)
    }
}
