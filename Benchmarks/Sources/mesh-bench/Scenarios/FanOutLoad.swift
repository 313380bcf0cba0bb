internal import BenchmarkSupport

/// Writers and watchers of one server, run together once or several times.
final class FanOutLoad {
    /// What one run came to.
    struct Outcome: Sendable {
        var puts: WriterResult
        var watched: WatchResult
        var cost: LoadCost
        var start: UInt64
        /// Whether all watchers had everything within the time that they were given.
        var isCaughtUp: Bool

        /// The figures of puts and events.
        var figures: [Figure] { .puts(puts) + .events(watched, since: start, cost) }
    }

    private let server: StartedServer
    private let client: ClientKit
    private let context: ScenarioContext
    private let plan: WatchLoad.Plan
    private let writers: WriterLoad
    private var watchers: WatchLoad
    /// The number that the events have reached: the store's revision, or each key's version.
    private var revision: Int64
    private var versions: [Int64]

    /// Fills the keys and creates the watches.
    init(
        _ server: StartedServer, with client: ClientKit, _ context: ScenarioContext,
        writing: WriterLoad.Plan, watching: WatchLoad.Plan
    ) async throws {
        self.server = server
        self.client = client
        self.context = context
        plan = watching
        writers = try await WriterLoad(writing, with: client, to: server.writing)
        revision = try await writers.fill()
        versions = Array(repeating: 1, count: writing.keys)
        watchers = try await WatchLoad(
            plan, with: client, to: server.watching, present: plan.keys == .prefix ? revision : 1)
    }

    /// Runs the load before it is measured.
    func warmUp(rate: Double?) async throws {
        _ = try await run(rate: rate, seconds: context.pace.warmUpSeconds)
    }

    /// Puts at a rate (`nil`: as fast as they are answered) and waits for the events.
    ///
    /// - Parameter patience: How long the watchers may take after the last put; `nil`: as long as events come.
    func run(rate: Double?, seconds: Double, patience: Duration? = nil) async throws -> Outcome {
        watchers.restart()
        let meter = try LoadMeter(server)
        let puts = try await writers.run(rate: rate, seconds: seconds)
        if let failure = puts.failure { context.tell("\(puts.failures) puts failed: \(failure)") }
        revision = max(revision, puts.lastRevision)
        for key in versions.indices { versions[key] += puts.putsOfKey[key] }
        let goal = plan.keys == .prefix ? WatchLoad.Goal.revision(revision) : .versions(versions)
        let isCaughtUp = try await watchers.awaitAll(
            goal, within: patience ?? .seconds(10), whileEventsCome: patience == nil)
        let cost = try meter.end()
        let watched = watchers.result(goal)
        if let fault = watched.fault { context.tell(fault) }
        if let bottleneck = cost.clientBottleneck { context.tell(bottleneck) }
        return Outcome(puts: puts, watched: watched, cost: cost, start: meter.start, isCaughtUp: isCaughtUp)
    }

    /// Creates all watches anew, at the present end of history.
    func reconnect() async throws {
        guard plan.keys == .prefix else { throw BenchmarkError("watches of single keys cannot be created anew") }
        await watchers.close()
        watchers = try await WatchLoad(plan, with: client, to: server.watching, present: revision)
    }

    /// Ends the watches.
    func close() async {
        await watchers.close()
    }
}
