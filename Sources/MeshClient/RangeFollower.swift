public import MeshCore
internal import MeshWire

/// The bounds of a ``RangeFollower``.
public struct FollowConfiguration: Hashable, Sendable {
    /// The pairs that a page of a listing holds at most. Default 256 (Cilium's); 1…10,000.
    public var pageSize = 256

    /// How long the server may take to confirm a watch. Default 10 s.
    public var watchTimeout: Duration = .seconds(10)

    /// How much of the server's data is taken in at most.
    public var budget = FollowBudget()

    /// The ranges that count against ``controlBudget`` instead of ``budget``, by their indices: what decides over the
    /// others must not be crowded out by them. Default none.
    public var controlRanges: Set<Int> = []

    /// How much is taken in of the control ranges at most. Default 1,000 keys and 4 MiB.
    public var controlBudget = FollowBudget(maximumKeys: 1000, maximumBytes: 4 << 20)

    /// Whether an answer to a request for progress counts for the range, of which there may be only one then. Default
    /// false, as etcd before 3.4.31 and 3.5.13 may send one ahead of events (etcd issue 15220), or never (17507).
    public var takesProgress = false

    /// The defaults.
    public init() {}
}

/// Who applies what a ``RangeFollower`` reads. All methods are called by the follower's task, one after another.
public protocol FollowApplier: Sendable {
    /// Whether a range may be followed now; asked again after each batch. A range may wait for what another one says.
    func mayFollow(range index: Int) -> Bool

    /// The ranges of which everything that was told is void, for example because it was withdrawn; asked before each
    /// ``mayFollow(range:)``. They are listed as if for the first time, and every key is told again. None of them may
    /// have been followed on this connection yet.
    func takeForgottenRanges() -> [Int]

    /// The server answered for the first time on this connection.
    func serverAnswered(clusterID: UInt64)

    /// The stream of watches is open. `requestProgress` asks the server how far it is; the answer counts only with
    /// ``FollowConfiguration/takesProgress``.
    func streamOpened(requestProgress: @escaping @Sendable () async throws(EtcdError) -> Void)

    /// A listing of a range begins.
    func listingBegan(_ cause: ListingCause, ofRange index: Int)

    /// The server confirmed the watch of a range: from here on its changes come as they are made.
    ///
    /// - Throws: ``FollowError`` to give up the connection.
    func watchBegan(ofRange index: Int) async throws(FollowError)

    /// Applies a batch. While it does, nothing more is read: that is the back-pressure.
    ///
    /// - Throws: ``FollowError`` to give up the connection. The range is then listed anew at the next one, and all of it
    ///   told again.
    func apply(_ batch: FollowedBatch, ofRange index: Int, progress: FollowProgress) async throws(FollowError)

    /// A message was read and what it brought applied. Until this returns nothing more is read: it can hold a server
    /// back that sends too much. The task's cancellation must end it.
    func pause(after amount: ReadAmount) async
}

extension FollowApplier {
    /// Goes on at once.
    public func pause(after amount: ReadAmount) async {}

    /// None: most appliers keep what they took.
    public func takeForgottenRanges() -> [Int] { [] }

    /// Does nothing: most appliers have no use for progress.
    public func streamOpened(requestProgress: @escaping @Sendable () async throws(EtcdError) -> Void) {}
}

/// How far a follower is, told with each batch.
public struct FollowProgress: Hashable, Sendable {
    /// The store that is followed (its `cluster_id`).
    public var clusterID: UInt64?
    /// The greatest term of its consensus that a linearizable read told; 0 before the first.
    public var raftTerm: UInt64
    /// The greatest revision of the store that a header named.
    public var storeRevision: Revision
    /// How much of ``FollowConfiguration/budget`` is used.
    public var budget: FollowBudget
}

/// Follows several ranges of one server over one connection at a time: all watches on one stream, one task.
///
/// It lives as long as the ranges are followed; ``follow(_:applying:)-(EtcdReader,_)`` is called once per connection and
/// goes on where the last one ended. Connecting, waiting and trying again are the owner's.
///
/// A follower belongs to one task; it is not `Sendable`.
public final class RangeFollower {
    private let ranges: [FollowedRange]
    private let configuration: FollowConfiguration
    private var budget: FollowBudget
    private var controlBudget: FollowBudget

    /// A box, because an array holds no non-copyable values.
    private final class FollowedRange {
        var machine: ListWatchStateMachine

        init(_ machine: consuming ListWatchStateMachine) {
            self.machine = machine
        }
    }

    /// Makes a follower that knows nothing yet.
    public init(ranges: [KeyRange], configuration: FollowConfiguration = FollowConfiguration()) {
        let pageSize = min(max(configuration.pageSize, 1), 10_000)
        self.ranges = ranges.map { FollowedRange(ListWatchStateMachine(range: $0, pageSize: pageSize)) }
        self.configuration = configuration
        budget = configuration.budget
        controlBudget = configuration.controlBudget
    }

    /// Follows the ranges over one connection until it ends.
    ///
    /// - Throws: ``FollowError`` always: it is why the connection ended. A cancelled task ends it too.
    public func follow(_ reader: EtcdReader, applying applier: some FollowApplier) async throws(FollowError) -> Never {
        try await follow(source: reader, applying: applier)
    }

    package func follow<Source: EtcdSource>(
        source: Source,
        applying applier: some FollowApplier
    ) async throws(FollowError) -> Never {
        let stream: Source.Watches
        do {
            stream = try source.openWatch()
        } catch {
            throw FollowError(.requestFailed, "no stream for watches could be opened", cause: error)
        }
        defer {
            stream.cancel()
            for range in ranges { range.machine.disconnected() }
        }
        applier.streamOpened { () async throws(EtcdError) in try await stream.requestProgress() }
        var connection = Connection()
        while true {
            for index in applier.takeForgottenRanges() {
                withBudget(of: index) { ranges[index].machine.forget(budget: &$0) }
            }
            if let index = ranges.indices.first(where: {
                !connection.started.contains($0) && applier.mayFollow(range: $0)
            }) {
                connection.started.insert(index)
                let step = ranges[index].machine.connected(to: connection.clusterID)
                try await perform(step, index, source, applier, &connection)
            } else {
                try await openNextWatch(stream, &connection)
                let message = try await nextMessage(stream, connection)
                if let (index, step) = try route(message, &connection) {
                    if message.created, case .wait = step.next { try await applier.watchBegan(ofRange: index) }
                    try await perform(step, index, source, applier, &connection)
                }
                await applier.pause(after: ReadAmount(message))
            }
        }
    }
}

extension RangeFollower {
    /// What is true of one connection.
    private struct Connection {
        var clusterID: UInt64?
        var started: Set<Int> = []
        /// Watches to be opened, one at a time: the server's confirmations name no range.
        var toOpen: [(index: Int, from: Revision)] = []
        var opening: (index: Int, deadline: ContinuousClock.Instant)?
        var watches: [Int64: Int] = [:]
    }

    /// Does what a machine says until it wants a message or a watch.
    private func perform<Source: EtcdSource>(
        _ first: ListWatchStep,
        _ index: Int,
        _ source: Source,
        _ applier: some FollowApplier,
        _ connection: inout Connection
    ) async throws(FollowError) {
        let range = ranges[index]
        var step = first
        var read: ReadAmount?
        while true {
            if let batch = step.batch {
                let progress = FollowProgress(
                    clusterID: range.machine.history?.clusterID,
                    raftTerm: range.machine.history?.raftTerm ?? 0,
                    storeRevision: range.machine.storeRevision,
                    budget: budget
                )
                do {
                    try await applier.apply(batch, ofRange: index, progress: progress)
                } catch {
                    range.machine.batchRefused()
                    throw error
                }
            }
            if let cause = step.beginsListing { applier.listingBegan(cause, ofRange: index) }
            if let amount = read { await applier.pause(after: amount) }
            read = nil
            switch step.next {
            case .wait: return
            case .watch(let revision):
                connection.toOpen.append((index, revision))
                return
            case .abort(let error): throw error
            case .range(let request):
                do {
                    let (header, answer) = try await source.range(request)
                    if connection.clusterID == nil {
                        connection.clusterID = header.clusterID
                        applier.serverAnswered(clusterID: header.clusterID)
                    }
                    read = ReadAmount(answer)
                    step = withBudget(of: index) { range.machine.rangeAnswered(header, answer, budget: &$0) }
                } catch {
                    step = range.machine.rangeFailed(error)
                }
            }
        }
    }

    private func openNextWatch(_ stream: some EtcdWatchSource, _ connection: inout Connection) async throws(FollowError)
    {
        guard connection.opening == nil, !connection.toOpen.isEmpty else { return }
        let (index, revision) = connection.toOpen.removeFirst()
        // The server chooses the watch's ID, as every version of etcd can.
        let request = WatchCreateRequest(
            ranges[index].machine.range,
            from: revision,
            progressNotify: true,
            fragment: true
        )
        connection.opening = (index, .now.advanced(by: configuration.watchTimeout))
        do {
            try await stream.create(request)
        } catch {
            throw FollowError(.requestFailed, "a watch could not be asked for", cause: error)
        }
    }

    private func nextMessage(
        _ stream: some EtcdWatchSource,
        _ connection: Connection
    ) async throws(FollowError) -> WatchServerMessage {
        let message: WatchServerMessage?
        do {
            let timeout = connection.opening.map { max(.zero, ContinuousClock.now.duration(to: $0.deadline)) }
            message = try await stream.next(timeout: timeout)
        } catch {
            if error.code == .deadlineExceeded, connection.opening != nil {
                throw FollowError(.timedOut, "the server did not confirm a watch within \(configuration.watchTimeout)")
            }
            throw FollowError(.watchEnded, "the stream of watches broke off", cause: error)
        }
        guard let message else { throw FollowError(.watchEnded, "the server ended the stream of watches") }
        return message
    }

    /// Gives a message to the machine of its watch; `nil` for a message that is for none.
    private func route(
        _ message: WatchServerMessage,
        _ connection: inout Connection
    ) throws(FollowError) -> (Int, ListWatchStep)? {
        let index: Int
        if message.created {
            guard let opening = connection.opening else {
                throw FollowError(.protocolViolation, "the server confirmed a watch that was not asked for")
            }
            connection.opening = nil
            connection.watches[message.watchID] = opening.index
            index = opening.index
        } else if let known = connection.watches[message.watchID] {
            index = known
        } else if message.watchID == -1 {
            // Progress of all watches, that is of the only one.
            guard configuration.takesProgress, ranges.count == 1, let known = connection.watches.values.first else {
                return nil
            }
            index = known
        } else {
            throw FollowError(.protocolViolation, "a message came for watch \(message.watchID), which does not exist")
        }
        if message.canceled { connection.watches[message.watchID] = nil }
        return (index, withBudget(of: index) { ranges[index].machine.watchMessageReceived(message, budget: &$0) })
    }

    /// Calls `body` with the budget that a range counts against.
    private func withBudget<Result>(of index: Int, _ body: (inout FollowBudget) -> Result) -> Result {
        configuration.controlRanges.contains(index) ? body(&controlBudget) : body(&budget)
    }
}
