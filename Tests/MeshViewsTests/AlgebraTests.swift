import MeshCore
import MeshRecords
import TestSupport
import Testing

@testable import MeshViews

/// Laws that hold for every engine, whatever it merges.
@Suite("MergeEngine: laws")
struct AlgebraTests {
    /// Draws a record out of so few that clusters and updates often meet at the same one.
    typealias Draw = @Sendable (inout SplitMix64, ClusterName) throws -> MeshRecord

    static let drawNode: Draw = { random, cluster in
        let ranges = ["10.0.0.0/16", "10.0.1.0/24", "10.1.0.0/16", "10.0.0.0/15", "fd00::/64"]
        return try node(
            "n\(Int.random(in: 0..<4, using: &random))",
            in: cluster,
            ranges: Array(ranges.shuffled(using: &random).prefix(.random(in: 0...2, using: &random)))
        )
    }

    static let drawService: Draw = { random, cluster in
        try service(
            "s\(Int.random(in: 0..<4, using: &random))",
            in: cluster,
            backends: Bool.random(using: &random) ? ["10.0.0.1", "10.0.0.2"] : ["10.0.0.3"],
            global: Bool.random(using: &random),
            shared: Bool.random(using: &random)
        )
    }

    static let drawIdentity: Draw = { random, _ in
        identity(
            .random(in: 0..<6, using: &random),
            ["k8s:a=1;", "k8s:a=1;k8s:b=2;", "any:b=2;"].randomElement(using: &random) ?? ""
        )
    }

    static let drawIP: Draw = { random, _ in
        let prefixes = ["10.0.0.1", "10.0.0.1/32", "10.0.0.0/24", "10.0.0.2", "fd00::1", "fd00::/64", "0.0.0.0/0"]
        return try ip(prefixes.randomElement(using: &random) ?? "::", .random(in: 0...2, using: &random))
    }

    /// Random updates: mostly records set and removed, now and then a mark or a withdrawal.
    private static func updates(_ count: Int, _ random: inout SplitMix64, _ draw: Draw) throws -> [RecordUpdate] {
        try (0..<count).map { _ in
            let cluster = Cluster.all.randomElement(using: &random) ?? Cluster.kos
            let record = try draw(&random, cluster)
            switch Int.random(in: 0..<40, using: &random) {
            case 0: return .withdrawn(cluster)
            case 1: return .stale(cluster)
            case 2: return .current(cluster)
            case 3..<16: return remove(record.key, in: cluster)
            default: return set(record, in: cluster)
            }
        }
    }

    /// What of `updates` still counts: for each cluster its last mark and its last record of each key, after its last
    /// withdrawal.
    private static func remains(of updates: [RecordUpdate]) -> [RecordUpdate] {
        var remaining: [RecordUpdate] = []
        for update in updates {
            switch update {
            case .withdrawn(let cluster):
                remaining.removeAll { $0.cluster == cluster }
            case .current(let cluster), .stale(let cluster):
                remaining.removeAll { $0 == .current(cluster) || $0 == .stale(cluster) }
                remaining.append(update)
            case .changed(let change):
                remaining.removeAll {
                    if case .changed(let other) = $0 {
                        other.cluster == change.cluster && other.key == change.key
                    } else {
                        false
                    }
                }
                if change.new != nil { remaining.append(update) }
            }
        }
        return remaining
    }

    /// Runs `body` with random updates for each kind of engine.
    private func forEachEngine(
        _ body: @escaping @Sendable (inout SplitMix64, any Law) async throws -> Void
    ) async throws {
        try await withRandomNumbers { random in
            try await body(&random, LawOf<Nodes>(draw: Self.drawNode))
            try await body(&random, LawOf<GlobalServices>(draw: Self.drawService))
            try await body(&random, LawOf<Identities>(draw: Self.drawIdentity))
            try await body(&random, LawOf<IPCache>(draw: Self.drawIP))
        }
    }

    /// Opens the engine's type.
    protocol Law: Sendable {
        func orderDoesNotMatter(_ random: inout SplitMix64) throws
        func changesLeadFromStateToState(_ random: inout SplitMix64) throws
        func snapshotsStay(_ random: inout SplitMix64) throws
        func withdrawnMeansNeverBeenThere(_ random: inout SplitMix64) throws
    }

    struct LawOf<Engine: Inspectable>: Law {
        let draw: Draw

        func orderDoesNotMatter(_ random: inout SplitMix64) throws {
            let updates = try AlgebraTests.updates(.random(in: 0..<120, using: &random), &random, draw)
            let expected = merged(Engine.self, updates)
            let remaining = AlgebraTests.remains(of: updates).shuffled(using: &random)
            #expect(merged(Engine.self, remaining) == expected, "\(updates)")
        }

        func changesLeadFromStateToState(_ random: inout SplitMix64) throws {
            // Changes, applied to a plain dictionary, must keep it equal to the engine's entries.
            var engine = Engine(local: Cluster.athens)
            var model: [AnyHashable: AnyHashable] = [:]
            for update in try AlgebraTests.updates(200, &random, draw) {
                engine.apply(update) { change in
                    let (key, old, new) = change.parts
                    #expect(model[key] == old, "the change's old value is not what was there")
                    #expect(old != new, "a change that changes nothing")
                    model[key] = new
                }
                #expect(engine.entries == model)
            }
        }

        func snapshotsStay(_ random: inout SplitMix64) throws {
            var engine = Engine(local: Cluster.athens)
            _ = engine.apply(try AlgebraTests.updates(60, &random, draw))
            let snapshot = engine
            let entries = snapshot.entries
            _ = engine.apply(try AlgebraTests.updates(60, &random, draw))
            #expect(snapshot.entries == entries)
        }

        func withdrawnMeansNeverBeenThere(_ random: inout SplitMix64) throws {
            let updates = try AlgebraTests.updates(120, &random, draw)
            let without = merged(Engine.self, updates.filter { $0.cluster != Cluster.kos })
            #expect(merged(Engine.self, updates + [.withdrawn(Cluster.kos)]) == without)
        }
    }

    @Test func theOrderOfArrivalNeverMatters() async throws {
        try await forEachEngine { random, law in
            for _ in 0..<100 { try law.orderDoesNotMatter(&random) }
        }
    }

    @Test func changesLeadFromEachStateToTheNext() async throws {
        try await forEachEngine { random, law in
            for _ in 0..<10 { try law.changesLeadFromStateToState(&random) }
        }
    }

    @Test func aSnapshotStaysAsItIs() async throws {
        try await forEachEngine { random, law in
            for _ in 0..<20 { try law.snapshotsStay(&random) }
        }
    }

    @Test func aWithdrawnClusterLeavesNoTrace() async throws {
        try await forEachEngine { random, law in
            for _ in 0..<50 { try law.withdrawnMeansNeverBeenThere(&random) }
        }
    }
}

/// An engine whose entries a test can compare with a plain dictionary.
protocol Inspectable: MergeEngine where Change: InspectableChange {
    var entries: [AnyHashable: AnyHashable] { get }
}

protocol InspectableChange {
    var parts: (key: AnyHashable, old: AnyHashable?, new: AnyHashable?) { get }
}

extension Nodes: Inspectable {
    var entries: [AnyHashable: AnyHashable] {
        Dictionary(uniqueKeysWithValues: all.map { ([$0.cluster.rawValue, $0.node.name], $0.node) })
    }
}

extension Nodes.Change: InspectableChange {
    var parts: (key: AnyHashable, old: AnyHashable?, new: AnyHashable?) { ([cluster.rawValue, name], old, new) }
}

extension GlobalServices: Inspectable {
    var entries: [AnyHashable: AnyHashable] {
        Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }
}

extension GlobalServices.Change: InspectableChange {
    var parts: (key: AnyHashable, old: AnyHashable?, new: AnyHashable?) { (name, old, new) }
}

extension Identities: Inspectable {
    var entries: [AnyHashable: AnyHashable] {
        Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
    }
}

extension Identities.Change: InspectableChange {
    var parts: (key: AnyHashable, old: AnyHashable?, new: AnyHashable?) { (id, old, new) }
}

extension IPCache: Inspectable {
    var entries: [AnyHashable: AnyHashable] {
        Dictionary(uniqueKeysWithValues: all.map { ($0.prefix, $0) })
    }
}

extension IPCache.Change: InspectableChange {
    var parts: (key: AnyHashable, old: AnyHashable?, new: AnyHashable?) { (prefix, old, new) }
}
