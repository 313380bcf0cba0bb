internal import MeshCore

/// Which unary calls wait and how many run: a state machine over what stands for a call and for who waits for one.
struct CallQueueStateMachine<Call: Sendable, Consumer: Sendable>: Sendable {
    private let maximumRunning: Int
    private var waiting: [Call] = []
    private var running = 0
    private var isClosed = false
    private var consumer: Consumer?

    /// At most `maximumRunning` calls run at the same time. How many wait is bounded by who admits them.
    init(maximumRunning: Int) {
        self.maximumRunning = maximumRunning
    }

    /// Whom to give what; no call means that none will come.
    struct Delivery {
        var consumer: Consumer
        var call: Call?
    }

    /// A call is ready to run.
    mutating func enqueued(_ call: Call) -> Delivery? {
        waiting.append(call)
        return delivery()
    }

    /// The one consumer wants the next call that may run.
    mutating func nextRequested(by consumer: Consumer) -> Delivery? {
        precondition(self.consumer == nil, "two tasks take calls from one queue")
        self.consumer = consumer
        return delivery()
    }

    /// A call that was given out is done.
    mutating func callFinished() -> Delivery? {
        running -= 1
        return delivery()
    }

    /// No call will be added; what waits is still given out.
    mutating func closed() -> Delivery? {
        isClosed = true
        return delivery()
    }

    /// Takes back all calls that wait.
    mutating func emptied() -> [Call] {
        defer { waiting = [] }
        return waiting
    }

    /// The consumer does not want to wait any longer.
    mutating func consumerCancelled() -> Delivery? {
        defer { consumer = nil }
        return consumer.map { Delivery(consumer: $0, call: nil) }
    }

    private mutating func delivery() -> Delivery? {
        guard let consumer else { return nil }
        if waiting.isEmpty {
            guard isClosed else { return nil }
            self.consumer = nil
            return Delivery(consumer: consumer, call: nil)
        }
        guard running < maximumRunning else { return nil }
        running += 1
        self.consumer = nil
        return Delivery(consumer: consumer, call: waiting.removeFirst())
    }
}

/// Hands unary calls from pollers to the task that runs their handlers.
final class CallQueue<Call: Sendable>: Sendable {
    private typealias Machine = CallQueueStateMachine<Call, CheckedContinuation<HandedOver<Call?>, Never>>

    private let machine: Locked<Machine>

    init(maximumRunning: Int) {
        machine = Locked(Machine(maximumRunning: maximumRunning))
    }

    func enqueue(_ call: Call) {
        perform { $0.enqueued(call) }
    }

    /// The next call that may run; `nil` once the queue is closed and empty, or the task is cancelled.
    func next() async -> Call? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                perform { machine in
                    if Task.isCancelled { return Machine.Delivery(consumer: continuation, call: nil) }
                    return machine.nextRequested(by: continuation)
                }
            }
        } onCancel: {
            perform { $0.consumerCancelled() }
        }.take()
    }

    func finished() {
        perform { $0.callFinished() }
    }

    func close() {
        perform { $0.closed() }
    }

    func empty() -> [Call] {
        machine.withLock { $0.emptied() }
    }

    private func perform(_ event: @Sendable (inout Machine) -> Machine.Delivery?) {
        guard let delivery = machine.withLock({ machine in event(&machine) }) else { return }
        delivery.consumer.resume(returning: HandedOver(delivery.call))
    }
}
