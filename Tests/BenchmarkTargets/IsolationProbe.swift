public import ClusterMesh
public import MeshCore
import MeshRecords
import MeshStore

/// What an agent's own users notice: how long its store takes to write and to read, and a peer's change to arrive.
public struct IsolationFigures: Sendable {
    /// One put into the agent's own store.
    public var puts: [Duration] = []
    /// One read of a key from it.
    public var reads: [Duration] = []
    /// A healthy peer's change, from the write there to the agent's merged view.
    public var propagations: [Duration] = []

    /// No figures yet.
    public init() {}

    /// All figures, by their names.
    public var all: [(name: String, latencies: [Duration])] {
        [("put", puts), ("read", reads), ("propagation", propagations)]
    }

    /// The latency that a share of all do not exceed; zero if there is none.
    public static func quantile(_ latencies: [Duration], _ share: Double) -> Duration {
        guard !latencies.isEmpty else { return .zero }
        let rank = Int((share * Double(latencies.count)).rounded(.up))
        return latencies.sorted()[min(max(rank, 1), latencies.count) - 1]
    }

    /// How much worse disturbed figures may be.
    public struct Bounds: Sendable {
        /// The median, as a multiple of the undisturbed one.
        public var median: Double
        /// The 99th percentile, as a multiple of the undisturbed one.
        public var p99: Double
        /// What the median may be in any case.
        public var medianFloor: Duration
        /// What the 99th percentile may be in any case.
        public var p99Floor: Duration

        /// Bounds.
        public init(median: Double, p99: Double, medianFloor: Duration, p99Floor: Duration) {
            self.median = median
            self.p99 = p99
            self.medianFloor = medianFloor
            self.p99Floor = p99Floor
        }

        /// What the product promises on a machine that does nothing else.
        public static let promised = Bounds(median: 1.5, p99: 3, medianFloor: .zero, p99Floor: .milliseconds(5))
    }

    /// In which ways these figures are worse than undisturbed ones by more than is allowed, one sentence each.
    public func faults(against undisturbed: IsolationFigures, _ bounds: Bounds) -> [String] {
        zip(all, undisturbed.all).flatMap { disturbed, quiet in
            let kinds = [
                ("p50", 0.5, bounds.median, bounds.medianFloor), ("p99", 0.99, bounds.p99, bounds.p99Floor),
            ]
            return kinds.compactMap { label, share, factor, floor -> String? in
                let (value, base) = (Self.quantile(disturbed.latencies, share), Self.quantile(quiet.latencies, share))
                let allowed = max(base * factor, floor)
                guard value > allowed else { return nil }
                return "\(disturbed.name) \(label) is \(value); undisturbed it was \(base), \(allowed) is allowed"
            }
        }
    }
}

/// Measures, at an agent, what its users notice.
public struct IsolationProbe: Sendable {
    private let agent: MeshAgent
    private let peer: ClusterName
    private let id: ClusterID
    private let publish: @Sendable (Key, [UInt8]) async throws -> Void

    /// - Parameter publish: Writes into the store of `peer`, a healthy cluster that `agent` mirrors.
    public init(
        _ agent: MeshAgent, peer: ClusterName, id: ClusterID,
        publish: @escaping @Sendable (Key, [UInt8]) async throws -> Void
    ) {
        self.agent = agent
        self.peer = peer
        self.id = id
        self.publish = publish
    }

    /// Measures for so long, one thing after another with short pauses.
    ///
    /// - Throws: What a write throws, and `CancellationError`: a change that never arrives is waited for.
    public func measure(for length: Duration) async throws -> IsolationFigures {
        var figures = IsolationFigures()
        var changes = agent.views.nodes.changes().makeAsyncIterator()
        let name = "probe"
        var node = NodeRecord(name: name, cluster: peer.rawValue, clusterID: id.rawValue)
        let key = RecordKey.node(name).key(in: peer)
        let value = [UInt8](repeating: 0x61, count: 300)
        let run = "\(ContinuousClock.now)"
        let end = ContinuousClock.now + length
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            let own = Key("probe/\(number % 1_000)")
            var start = ContinuousClock.now
            try agent.store.put(own, value)
            figures.puts.append(start.duration(to: .now))

            start = .now
            let answer = try agent.store.perform(RangeRequest(.key(own)))
            figures.reads.append(start.duration(to: .now))
            precondition(answer.count == 1, "what was put is there")

            node.bootID = "\(run) \(number)"
            let encoded = node.encoded()
            start = .now
            try await publish(key, encoded)
            while let update = await changes.next() {
                if update.state[peer, name]?.bootID == node.bootID { break }
            }
            try Task.checkCancellation()
            figures.propagations.append(start.duration(to: .now))
            try await Task.sleep(for: .milliseconds(2))
        }
        return figures
    }
}
