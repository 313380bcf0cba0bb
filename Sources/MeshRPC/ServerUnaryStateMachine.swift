/// The life of a server's unary call: the request is read, is handled at once or waits for its turn and is handled then,
/// is answered.
///
/// What a caller does (going away) and what time does (running out) can come at any point.
struct ServerUnaryStateMachine: Sendable {
    private enum Phase {
        case reading
        /// In the queue of calls to run.
        case queued
        case running
        case done
    }

    private var phase = Phase.reading
    /// Whether the answer was given to core, or can no longer be given.
    private var isAnswered = false
    private var isClosed = false

    init() {}

    /// The request arrived whole. Returns whether the call is to be handled, or postponed.
    mutating func requestReceived() -> Bool {
        guard case .reading = phase else { preconditionFailure("a unary call's request arrived twice") }
        phase = isAnswered ? .done : .running
        return !isAnswered
    }

    /// The call is not handled at once. Returns whether it is to be queued.
    mutating func postponed() -> Bool {
        guard case .running = phase else { preconditionFailure("a unary call was postponed that was not its turn") }
        phase = isAnswered ? .done : .queued
        return !isAnswered
    }

    /// No request can be read. Returns whether the call is to be answered.
    mutating func requestFailed() -> Bool {
        guard case .reading = phase else { preconditionFailure("a unary call's request arrived twice") }
        phase = .done
        return answered()
    }

    /// The call's turn has come. Returns whether its handler is to run.
    mutating func began() -> Bool {
        guard case .queued = phase else { preconditionFailure("a unary call ran that did not wait") }
        phase = isAnswered ? .done : .running
        return !isAnswered
    }

    /// The call's turn will never come.
    mutating func discarded() {
        guard case .queued = phase else { preconditionFailure("a unary call was discarded that did not wait") }
        phase = .done
        isAnswered = true
    }

    /// The handler is done. Returns whether its answer is wanted.
    mutating func handled() -> Bool {
        guard case .running = phase else { preconditionFailure("a unary call ended that did not run") }
        phase = .done
        return answered()
    }

    /// The call's time is over. Returns whether it is to be answered so.
    mutating func expired() -> Bool {
        answered()
    }

    /// The call is over, as core sees it.
    mutating func closed() {
        isClosed = true
        isAnswered = true
    }

    /// Whether nothing will happen to the call any more.
    var isOver: Bool {
        guard isClosed else { return false }
        return switch phase {
        case .reading, .done: true
        case .queued, .running: false
        }
    }

    private mutating func answered() -> Bool {
        defer { isAnswered = true }
        return !isAnswered
    }
}
