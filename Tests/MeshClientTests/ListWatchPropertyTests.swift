import MeshCore
import MeshWire
import TestSupport
import Testing

@testable import MeshClient

extension SplitMix64 {
    fileprivate mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// One run: a machine against a model server, with every step chosen by the seed.
private struct Run: ~Copyable {
    let range = KeyRange.prefix("k/")
    var random: SplitMix64
    var server = ModelServer()
    var followed: Followed
    /// What the machine wants; `nil` while there is no connection.
    var wanted: ListWatchStep.Next?
    var watchPosition: Revision = .none
    var watchIsConfirmed = false
    var writes = 0
    var resumptions = 0
    var listings: [ListingCause] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        followed = Followed(.prefix("k/"), pageSize: 1 + Int(seed % 4))
    }

    /// Applies a step and holds it against the server: nothing old is applied, and what is said to be complete is.
    mutating func take(_ step: ListWatchStep) throws {
        let before = followed.applied
        wanted = followed.take(step)
        if let cause = step.beginsListing { listings.append(cause) }
        guard let batch = step.batch else { return }
        for event in batch.events where batch.listing == nil && batch.revision != nil {
            let known = before[event.pair.key]?.modRevision ?? .none
            try #require(event.revision > known, "\(event) was applied over revision \(known)")
        }
        if let revision = batch.revision {
            let expected = server.state(at: revision).filter { range.contains($0.key) }
            try #require(followed.applied == expected, "said to be complete at \(revision)")
        }
    }

    mutating func disconnect() {
        guard wanted != nil else { return }
        followed.machine.disconnected()
        wanted = nil
    }

    mutating func write() {
        writes += 1
        let keys = (0..<6).map { Key("k/\($0)") } + ["z"]
        let chosen = keys.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
        var puts: [(Key, String)] = []
        var deletes: [Key] = []
        for key in chosen {
            if random.chance(35) { deletes.append(key) } else { puts.append((key, "\(writes)")) }
        }
        server.write(puts: puts, deletes: deletes)
    }

    /// What happens to a store: its connections are cut by it.
    mutating func disaster() {
        disconnect()
        writes += 1
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            server.replace(clusterID: server.clusterID + 1)
        default:
            // Back to a backup that still has what was compacted, and on with a future of its own: its first write is
            // one that no other future made.
            let backup = Int64.random(
                in: server.compacted.next.rawValue...server.revision.next.rawValue,
                using: &random
            )
            server.restore(to: min(Revision(backup), server.revision))
            server.put(("k/marker", "future \(writes)"))
            if random.chance(30) { server.setTerm(UInt64.random(in: 1...5, using: &random)) }
        }
    }

    /// Lets the machine have what it wants.
    mutating func advance() throws {
        switch wanted {
        case nil:
            if followed.machine.completeRevision != nil { resumptions += 1 }
            try take(followed.machine.connected(to: random.chance(50) ? server.clusterID : nil))
        case .range(let request):
            try #require(!request.serializable)
            let step: ListWatchStep
            do throws(EtcdError) {
                let (header, answer) = try server.range(request)
                step = followed.machine.rangeAnswered(header, answer, budget: &followed.budget)
            } catch {
                step = followed.machine.rangeFailed(error)
            }
            try take(step)
        case .watch(let from):
            watchPosition = from
            watchIsConfirmed = false
            wanted = .wait
        case .wait:
            guard watchIsConfirmed else {
                watchIsConfirmed = true
                return try take(followed.machine.watchMessageReceived(server.created(), budget: &followed.budget))
            }
            let most = Int.random(in: 1...3, using: &random)
            if let message = server.message(range, from: &watchPosition, maximumRevisions: most) {
                try take(followed.machine.watchMessageReceived(message, budget: &followed.budget))
            } else if random.chance(30) {
                try take(followed.machine.watchMessageReceived(server.progress(), budget: &followed.budget))
            }
        case .abort(let error):
            try #require(error.code == .listingsInterrupted, "\(error)")
            disconnect()
        }
    }

    /// Whether the machine has been given everything.
    var isSettled: Bool {
        guard case .wait = wanted, watchIsConfirmed else { return false }
        return watchPosition > server.revision
    }
}

struct ListWatchPropertyTests {
    /// Follows a random store through random cuts, compactions, restores and replacements.
    private func run(seed: UInt64, steps: Int) throws -> (resumptions: Int, listings: [ListingCause]) {
        var run = Run(seed: seed)
        for _ in 0..<steps {
            switch Int.random(in: 0..<100, using: &run.random) {
            case 0..<35: run.write()
            case 35..<40: run.disconnect()
            case 40..<42:
                let to = Int64.random(in: 1...run.server.revision.rawValue, using: &run.random)
                run.server.compact(to: Revision(to))
            case 42: if run.random.chance(40) { run.disaster() }
            default: try run.advance()
            }
        }
        var rest = 0
        while !run.isSettled {
            try run.advance()
            rest += 1
            try #require(rest < 10_000, "the machine does not settle")
        }
        let expected = run.server.present.filter { run.range.contains($0.key) }
        try #require(run.followed.applied == expected)
        try #require(run.followed.machine.keyCount == expected.count)
        return (run.resumptions, run.listings)
    }

    @Test("whatever happens to server and connection, the end is the server's state and nothing old was applied")
    func random() async throws {
        try await withRandomNumbers { numbers in
            var resumptions = 0
            var listings: [ListingCause: Int] = [:]
            for _ in 0..<400 {
                let result = try run(seed: numbers.next(), steps: 400)
                resumptions += result.resumptions
                for cause in result.listings { listings[cause, default: 0] += 1 }
            }
            // The runs are worth nothing if what they are about did not happen.
            #expect(resumptions > 1000)
            for cause in ListingCause.allCases where cause != .incomplete && cause != .notApplied {
                #expect(listings[cause, default: 0] > 2, "\(cause)")
            }
        }
    }
}
