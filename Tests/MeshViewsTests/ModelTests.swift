import MeshCore
import MeshRecords
import TestSupport
import Testing

@testable import MeshViews

/// Whole lives of clusters, told to views in any interleaving, against a simple model of where they ended.
@Suite("Views: agreement with a model")
struct ModelTests {
    /// One cluster as a mirror sees it: what it said so far, and where that led.
    private struct Life {
        let cluster: ClusterName
        private(set) var updates: [RecordUpdate] = []
        private(set) var records: [RecordKey: MeshRecord] = [:]
        private(set) var freshness: ClusterMarks.Freshness?
        private var isAway = false

        init(of cluster: ClusterName) {
            self.cluster = cluster
        }

        private static let draws = [
            AlgebraTests.drawNode, AlgebraTests.drawService, AlgebraTests.drawIdentity, AlgebraTests.drawIP,
        ]

        mutating func step(_ random: inout SplitMix64) throws {
            switch Int.random(in: 0..<24, using: &random) {
            case 0: disconnect()
            case 1: try reconnect(&random)
            case 2: drain(&random)
            case 3: expireServices()
            case 4..<10: change(records.keys.randomElement(using: &random), to: nil)
            default:
                let record = try Self.draws.randomElement(using: &random)?(&random, cluster)
                if !isAway { change(record?.key, to: record) }
            }
        }

        private mutating func change(_ key: RecordKey?, to new: MeshRecord?) {
            guard let key else { return }
            let old = records[key]
            records[key] = new
            updates.append(.changed(RecordChange(cluster: cluster, key: key, old: old, new: new)))
            if freshness == nil { freshness = .incomplete }
        }

        private mutating func disconnect() {
            isAway = true
            guard freshness != nil else { return }
            mark(.stale)
        }

        /// Lists anew what changed while the cluster was away: some records are gone, some are there.
        private mutating func reconnect(_ random: inout SplitMix64) throws {
            isAway = false
            for key in records.keys.shuffled(using: &random).prefix(3) { change(key, to: nil) }
            for draw in Self.draws {
                let record = try draw(&random, cluster)
                change(record.key, to: record)
            }
            mark(.current)
        }

        private mutating func mark(_ freshness: ClusterMarks.Freshness) {
            self.freshness = freshness
            switch freshness {
            case .incomplete: break
            case .current: updates.append(.current(cluster))
            case .stale: updates.append(.stale(cluster))
            }
        }

        /// Takes back the records, or only a part of them, before the cluster is withdrawn.
        private mutating func drain(_ random: inout SplitMix64) {
            let keys = records.keys.shuffled(using: &random)
            let drained = Bool.random(using: &random) ? keys.count : Int.random(in: 0...keys.count, using: &random)
            for key in keys.prefix(drained) { change(key, to: nil) }
            updates.append(.withdrawn(cluster))
            (records, freshness, isAway) = ([:], nil, false)
        }

        private mutating func expireServices() {
            for key in records.keys where key.kind == .service { change(key, to: nil) }
        }
    }

    /// The lives' updates in one order of many: each life's own order is kept.
    private func interleaved(_ lives: [Life], _ random: inout SplitMix64) -> [RecordUpdate] {
        var rest = lives.map { $0.updates[...] }
        var updates: [RecordUpdate] = []
        while let next = rest.indices.filter({ !rest[$0].isEmpty }).randomElement(using: &random) {
            let part = rest[next].prefix(.random(in: 1...5, using: &random))
            updates += part
            rest[next] = rest[next].dropFirst(part.count)
        }
        return updates
    }

    @Test func anyInterleavingOfAnyLivesEndsInTheSameViews() async throws {
        try await withRandomNumbers { random in
            for _ in 0..<25 {
                var lives = Cluster.all.map(Life.init)
                for _ in 0..<Int.random(in: 0...150, using: &random) {
                    try lives[Int.random(in: 0..<lives.count, using: &random)].step(&random)
                }
                let model = ViewModel(local: Cluster.athens, lives.map { ($0.cluster, $0.records) })
                for _ in 0..<3 {
                    let updates = interleaved(lives, &random)
                    let nodes = try await followed(Nodes.self, updates, &random)
                    #expect(nodes.entries == model.nodes)
                    #expect(nodes.podCIDRConflicts == model.podCIDRConflicts)
                    let services = try await followed(GlobalServices.self, updates, &random)
                    #expect(services.entries == model.services)
                    #expect(services.count == model.services.count)
                    let identities = try await followed(Identities.self, updates, &random)
                    #expect(identities.entries == model.identities)
                    #expect(identities.identities(of: Cluster.kos).map(\.id) == model.identityNumbers(of: Cluster.kos))
                    let addresses = try await followed(IPCache.self, updates, &random)
                    #expect(addresses.entries == model.addresses)
                    #expect(addresses.conflicts.map(\.prefix) == model.contestedPrefixes)
                    for life in lives {
                        let count = life.records.keys.count { $0.kind == .ip }
                        #expect(addresses.clusters.count(of: life.cluster) == count)
                        // What was never complete and has nothing here is as if it had never been seen.
                        let isSeen = life.freshness != .incomplete || count > 0
                        #expect(addresses.clusters.freshness(of: life.cluster) == (isSeen ? life.freshness : nil))
                    }
                }
            }
        }
    }

    /// The view after `updates` in batches of any size; a follower that looks now and then must have come to the same.
    private func followed<Engine: Inspectable>(
        _ type: Engine.Type,
        _ updates: [RecordUpdate],
        _ random: inout SplitMix64
    ) async throws -> Engine {
        let view = View<Engine>(local: Cluster.athens, maximumPendingChanges: 40)
        var follower = view.changes().makeAsyncIterator()
        var entries: [AnyHashable: AnyHashable] = [:]
        func follow() async throws {
            let update = try #require(await follower.next())
            guard let changes = update.changes else {
                entries = update.state.entries
                return
            }
            for change in changes {
                let (key, old, new) = change.parts
                #expect(entries[key] == old)
                entries[key] = new
            }
            #expect(entries == update.state.entries)
        }
        try await follow()
        var rest = updates[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(.random(in: 1...12, using: &random)))
            rest = rest.dropFirst(batch.count)
            let before = view.snapshot()
            view.apply(batch)
            let after = view.snapshot()
            // A follower that has nothing to hear would wait.
            let isNews = before.entries != after.entries || before.clusters != after.clusters
            if isNews, Int.random(in: 0..<3, using: &random) == 0 { try await follow() }
        }
        view.finish()
        while let update = await follower.next() {
            guard let changes = update.changes else {
                entries = update.state.entries
                continue
            }
            for change in changes { entries[change.parts.key] = change.parts.new }
        }
        #expect(entries == view.snapshot().entries)
        return view.snapshot()
    }
}
