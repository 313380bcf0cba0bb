import MeshClient
import MeshRecords
import TestSupport
import Testing

@testable import MeshMirror

/// A thousand mirrors of one peer, in virtual time: how many of them come to it in one second?
private struct ReturnSimulation {
    static let mirrors = 1000
    static let range = MirrorRange.records(.node, .own)

    /// A mirror that does not go on.
    struct Ended: Error {}

    /// A mirror's next attempt, in the order of time.
    private struct Attempt {
        var at: ContinuousClock.Instant
        var mirror: Int
    }

    let start = ContinuousClock.now
    private var numbers: SplitMix64
    /// A box, because an array holds no non-copyable values.
    private final class Box {
        var machine: MirrorStateMachine

        init(_ machine: consuming MirrorStateMachine) {
            self.machine = machine
        }
    }
    private var boxes: [Box] = []
    /// The connections that were tried, and that were made, per second and server.
    private(set) var tries: [Int: [EtcdEndpoint: Int]] = [:]
    private(set) var returns: [Int: [EtcdEndpoint: Int]] = [:]

    init(endpoints: Int, seed: UInt64) throws {
        numbers = SplitMix64(seed: seed)
        for _ in 0..<Self.mirrors {
            let rotation = try #require(EndpointRotation((0..<endpoints).map { EtcdEndpoint(host: "h\($0)") }))
            let box = Box(MirrorStateMachine(rotation: rotation, backoff: Backoff.Configuration()))
            _ = box.machine.connectionDue(using: &numbers)
            Self.synchronise(&box.machine)
            boxes.append(box)
        }
    }

    private static func synchronise(_ machine: inout MirrorStateMachine) {
        machine.answered()
        machine.identified(following: [range])
        for range in [MirrorRange.config, .heartbeat, range] { machine.watchBegan(range) }
    }

    /// Loses the peer at one moment for all, and goes on until every mirror has come back to it.
    ///
    /// - Parameter isUp: Whether a server can be reached at that many seconds after the loss.
    mutating func lose(isUp: (EtcdEndpoint, Double) -> Bool) throws {
        // The next one is the last.
        var waiting: [Attempt] = []
        for index in boxes.indices {
            waiting.append(Attempt(at: try end(index, at: start), mirror: index))
        }
        waiting.sort { $0.at > $1.at }
        while let attempt = waiting.popLast() {
            let box = boxes[attempt.mirror]
            guard let endpoint = box.machine.connectionDue(using: &numbers) else { throw Ended() }
            let elapsed = start.duration(to: attempt.at) / .seconds(1)
            tries[Int(elapsed), default: [:]][endpoint, default: 0] += 1
            if isUp(endpoint, elapsed) {
                returns[Int(elapsed), default: [:]][endpoint, default: 0] += 1
                Self.synchronise(&box.machine)
            } else {
                // It is refused after a millisecond.
                let next = try end(attempt.mirror, at: attempt.at + .milliseconds(1))
                var (low, high) = (0, waiting.count)
                while low < high {
                    let middle = (low + high) / 2
                    if waiting[middle].at > next { low = middle + 1 } else { high = middle }
                }
                waiting.insert(Attempt(at: next, mirror: attempt.mirror), at: low)
            }
        }
    }

    private mutating func end(_ index: Int, at now: ContinuousClock.Instant) throws -> ContinuousClock.Instant {
        let random = Double.random(in: 0..<1, using: &numbers)
        let action = boxes[index].machine.connectionEnded(nil, at: now, random: random)
        guard action == .retry, let next = boxes[index].machine.nextAttempt else { throw Ended() }
        return next
    }

    /// The most that came to one server within one second.
    static func most(_ counts: [Int: [EtcdEndpoint: Int]]) -> Int {
        counts.values.flatMap(\.values).max() ?? 0
    }

    /// How many came in all.
    static func total(_ counts: [Int: [EtcdEndpoint: Int]]) -> Int {
        counts.values.flatMap(\.values).reduce(0, +)
    }
}

struct MirrorReturnSimulationTests {
    private static let seeds: [UInt64] = [1, 2, 3, 42, 0xC0FFEE, 0xDEAD_BEEF, 1 << 40, .max]

    @Test(
        "of 1,000 mirrors that lose a synchronised peer at one moment, no second sees more than 300 return",
        arguments: seeds)
    func comesBackAtOnce(_ seed: UInt64) throws {
        var simulation = try ReturnSimulation(endpoints: 1, seed: seed)
        try simulation.lose { _, _ in true }
        #expect(ReturnSimulation.total(simulation.returns) == 1000)
        #expect(ReturnSimulation.most(simulation.returns) <= 300)
        #expect(simulation.returns.keys.max().map { $0 < 5 } == true, "all are back within the first bound")
    }

    @Test("a peer that is away for a minute sees its mirrors come back more slowly still", arguments: seeds)
    func staysAway(_ seed: UInt64) throws {
        var simulation = try ReturnSimulation(endpoints: 1, seed: seed)
        try simulation.lose { _, elapsed in elapsed > 60 }
        #expect(ReturnSimulation.total(simulation.returns) == 1000)
        // The bound has grown to 60 s by then.
        #expect(ReturnSimulation.most(simulation.returns) <= 100)
        #expect(ReturnSimulation.most(simulation.tries) <= 300)
    }

    @Test(
        "a peer that is back while some come for the first time and others for the second sees no more than 300 a second",
        arguments: seeds, [2.0, 4.0, 4.5, 5.0, 8.0, 12.0, 20.0])
    func comesBackInBetween(_ seed: UInt64, _ away: Double) throws {
        var simulation = try ReturnSimulation(endpoints: 1, seed: seed)
        try simulation.lose { _, elapsed in elapsed > away }
        #expect(ReturnSimulation.total(simulation.returns) == 1000)
        #expect(ReturnSimulation.most(simulation.tries) <= 300)
    }

    @Test("the servers that are left take over from the one that went, none more than 300 a second", arguments: seeds)
    func failsOver(_ seed: UInt64) throws {
        var simulation = try ReturnSimulation(endpoints: 3, seed: seed)
        try simulation.lose { endpoint, _ in endpoint.host != "h0" }
        #expect(ReturnSimulation.total(simulation.returns) == 1000)
        #expect(ReturnSimulation.most(simulation.tries) <= 300)
        #expect(simulation.returns.keys.max().map { $0 < 6 } == true, "a dead server costs no second wait")
    }
}
