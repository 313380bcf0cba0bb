internal import Logging
internal import MeshClient
internal import MeshCore
internal import MeshStore

/// A replica's state behind its lock: the machine, the reads that wait, and what status tells.
///
/// The replica's tasks write, anybody reads. Nothing waits under the lock, and nobody is resumed under it. The store is
/// changed by one task only, the follower's, outside of the lock.
final class ReplicaCore: Sendable {
    typealias Waiter = CheckedContinuation<Result<Void, EtcdError>, Never>

    let configuration: ReplicaConfiguration
    let store: ReplicatedStore
    /// What headers call the member that answers, which is not one of the etcd's.
    let memberID: UInt64
    private let logger: Logger
    private let start = ContinuousClock.now
    private let state: Locked<State>

    struct State: ~Copyable {
        var machine: ReplicaStateMachine
        var freshReads: FreshReads<Waiter>
        var status: ReplicaStatus
        var run = Run.notStarted
        var lastCurrent: ContinuousClock.Instant?
        var lastReadID: UInt64 = 0
        var connection: Connection?
        /// Wakes the task that ends waits whose time is up.
        var deadlineSignal: AsyncStream<Void>.Continuation?
        var said: Set<String> = []
        /// What is to be done when the lock is free.
        var afterwards: [@Sendable () -> Void] = []
    }

    /// What is true of the present connection.
    struct Connection {
        /// Wakes the task that sends reads.
        var signal: AsyncStream<Void>.Continuation
        var handshakes: @Sendable () -> Int
        var requestProgress: (@Sendable () async throws(EtcdError) -> Void)?
        /// Why the replica itself gave the connection up.
        var abort: FollowError?
    }

    enum Run {
        case notStarted
        case running
        case ended
    }

    init(
        configuration: ReplicaConfiguration,
        store: ReplicatedStore,
        rotation: EndpointRotation,
        logger: Logger
    ) {
        self.configuration = configuration
        self.store = store
        self.logger = logger
        memberID = .random(in: 1...UInt64.max)
        state = Locked(
            State(
                machine: ReplicaStateMachine(rotation: rotation, backoff: configuration.backoff),
                freshReads: FreshReads(
                    maximumWaiters: configuration.maximumFreshReads,
                    needsProgress: configuration.needsProgress
                ),
                status: ReplicaStatus(state: .idle, since: .now)
            )
        )
    }

    /// The time since the replica was made.
    var now: Duration { start.duration(to: .now) }

    func instant(_ time: Duration) -> ContinuousClock.Instant { start.advanced(by: time) }

    /// Changes the state, tells what it became, and does outside the lock what must be done there.
    func update<Result: Sendable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var afterwards: [@Sendable () -> Void] = []
        var line: (Logger.Level, Logger.Message)?
        defer {
            for action in afterwards { action() }
            if let (level, message) = line { logger.log(level: level, message) }
        }
        return try state.withLock { state throws(Failure) in
            defer {
                line = noteState(&state)
                swap(&afterwards, &state.afterwards)
            }
            return try body(&state)
        }
    }

    var status: ReplicaStatus {
        let head = store.reader.head
        let keys = store.reader.snapshot().count
        let now = ContinuousClock.now
        return state.withLock { state in
            var status = state.status
            status.isListed = head.isReadable
            status.revision = head.isReadable ? head.revision : .none
            status.keys = keys
            status.connections = state.machine.attempts
            status.synchronisations = state.machine.synchronisations
            status.staleness =
                state.machine.state.isFollowing ? .zero : state.lastCurrent.map { $0.duration(to: now) }
            status.waitingReads = state.freshReads.count
            return status
        }
    }

    // MARK: - Telling

    /// The most texts that are remembered as said.
    private static let saidBound = 64

    /// Notices that the machine's state changed: for status, the store's mark and the log.
    private func noteState(_ state: inout State) -> (Logger.Level, Logger.Message)? {
        let before = state.status.state
        let present = state.machine.state
        guard before != present else { return nil }
        let now = ContinuousClock.now
        state.status.state = present
        state.status.since = now
        if before.isFollowing { state.lastCurrent = now }
        if present.isFollowing { state.status.lastError = nil }
        // Under the lock, so that status and mark change together, and a later change is never overtaken by an earlier one.
        if before.isFollowing != present.isFollowing { store.setStale(!present.isFollowing) }
        let text = logText(present, state.status)
        if present.isFollowing || state.said.count >= Self.saidBound { state.said = [] }
        // An etcd that can't be reached would say the same for hours.
        let isNew = state.said.insert(text).inserted
        return (isNew ? .info : .debug, "\(text)")
    }

    private func logText(_ state: ReplicaState, _ status: ReplicaStatus) -> String {
        let text = "replica: \(state.rawValue)"
        switch state {
        case .connecting: return text + (status.endpoint.map { " to \($0)" } ?? "")
        case .disconnected: return text + (status.lastError.map { ": \($0)" } ?? "")
        case .watching: return text + " from revision \(store.reader.revision.next)"
        case .idle, .listing: return text
        }
    }
}

extension ReplicaCore {
    // MARK: - Reads that must be fresh

    /// Returns once the store is as far as the etcd was at the call.
    func whenFresh() async throws(EtcdError) {
        let id = update { state in
            state.lastReadID += 1
            return state.lastReadID
        }
        let result: Result<Void, EtcdError> = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                ask(waiter, id)
                // A cancellation before the waiter was there has found nothing.
                if Task.isCancelled { withdraw(id) }
            }
        } onCancel: {
            withdraw(id)
        }
        try result.get()
    }

    private func ask(_ waiter: Waiter, _ id: UInt64) {
        let deadline = now + configuration.freshReadTimeout
        update { state in
            switch state.freshReads.asked(waiter, id: id, deadline: deadline) {
            case .wake: state.connection?.signal.yield()
            case .wait: break
            case .refuse(let error): state.resume([waiter], .failure(error))
            }
            state.deadlineSignal?.yield()
        }
    }

    private func withdraw(_ id: UInt64) {
        update { state in
            guard let waiter = state.freshReads.withdrawn(id) else { return }
            state.resume([waiter], .failure(EtcdError(.cancelled, "etcdserver: request cancelled")))
        }
    }

    /// Ends waits whose time is up, until the task is cancelled.
    func watchDeadlines(_ signals: AsyncStream<Void>) async {
        for await _ in signals {
            while let deadline = update({ $0.freshReads.nextDeadline }) {
                guard (try? await Task.sleep(until: instant(deadline), clock: .continuous)) != nil else { return }
                update { state in
                    state.resume(state.freshReads.timePassed(now), .failure(.requestTimedOut))
                }
            }
        }
    }

    /// The pause behind a read that failed although the watch goes on: 100 ms.
    static let confirmationPause: Duration = .milliseconds(100)

    /// Sends the reads that confirm others, one at a time, until the task is cancelled.
    func confirmReads(_ reader: EtcdReader, _ signals: AsyncStream<Void>) async {
        var request = RangeRequest(.key(configuration.range.lower))
        request.countOnly = true
        for await _ in signals {
            while !Task.isCancelled, beginsConfirmation() {
                let generation = store.reader.head.origin.generation
                do throws(EtcdError) {
                    let (header, _) = try await reader.range(request)
                    await confirmed(by: header, reader, generation)
                } catch {
                    update { $0.resume($0.freshReads.failed(error), .failure(.notConfirmed(error))) }
                    try? await Task.sleep(for: Self.confirmationPause)
                }
            }
        }
    }

    private func beginsConfirmation() -> Bool {
        update { state in
            guard state.freshReads.readDue() else { return false }
            state.status.confirmations += 1
            return true
        }
    }

    private func confirmed(by header: ResponseHeader, _ reader: EtcdReader, _ generation: UInt64) async {
        let handshakes = reader.handshakes
        let action = update { state in
            let action = state.freshReads.answered(header, connection: handshakes)
            state.resume(action.fresh, .success(()))
            if let error = action.abort {
                state.connection?.abort = FollowError(.storeChanged, "a linearizable read shows it: \(error.rawValue)")
            }
            let requestProgress = action.requestsProgress ? state.connection?.requestProgress : nil
            return (aborts: action.abort != nil, requestProgress: requestProgress)
        }
        guard !action.aborts else { return await reader.shutDown() }
        store.note(raftTerm: header.raftTerm, in: generation)
        // If it can't be sent the stream has ended, which the follower sees.
        try? await action.requestProgress?()
    }
}

extension ReplicaCore.State {
    /// Lets waiters go on once the lock is free.
    mutating func resume(_ waiters: [ReplicaCore.Waiter], _ result: Result<Void, EtcdError>) {
        guard !waiters.isEmpty else { return }
        afterwards.append { for waiter in waiters { waiter.resume(returning: result) } }
    }
}

extension EtcdError {
    /// What etcd answers when a read could not be confirmed in time.
    static let requestTimedOut = EtcdError(.unavailable, "etcdserver: request timed out")

    /// The followed etcd refused to confirm a read.
    static func notConfirmed(_ error: EtcdError) -> EtcdError {
        EtcdError(.unavailable, "etcdserver: the followed etcd does not confirm the read: \(error.message)")
    }
}
