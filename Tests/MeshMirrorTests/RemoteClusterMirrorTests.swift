import MeshClient
import MeshCore
import MeshRecords
import MeshStore
import TestSupport
import Testing

@testable import MeshMirror

struct RemoteClusterMirrorTests {
    private let sample: Sample
    private let peer: TestPeer

    init() throws {
        sample = try Sample()
        peer = try TestPeer(sample)
    }

    private func fill(_ store: KVStore, _ count: Int = 10) throws {
        for number in 0..<count {
            try store.publish(sample.node("n\(number)"), in: sample.cluster)
            try store.publish(sample.identity(UInt32(number)), in: sample.cluster)
            try store.publish(try sample.ip("10.0.0.\(number)"), in: sample.cluster)
        }
    }

    @Test("a peer's records are listed in pages and followed as they change")
    func follows() async throws {
        let store = try peer.store()
        try fill(store)
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.state == .watching)
                #expect(mirror.status.counts == RecordCounts(nodes: 10, services: 0, identities: 10, ips: 10))
                #expect(mirror.status.storeID == store.identity.clusterID)
                #expect(mirror.status.lastResync?.causes == [.first])
                #expect(mirror.status.lastResync?.changes == ChangeCounts(added: 30))

                try store.transaction { transaction in
                    transaction.delete(.prefix(RecordKind.node.prefix(of: sample.cluster)))
                    transaction.put(
                        RecordKey.identity(65_999).key(in: sample.cluster), sample.identity(463).encoded()
                    )
                }
                try store.publish(sample.identity(3, app: "other"), in: sample.cluster)
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.counts.nodes == 0)
                #expect(mirror.status.changesOnConnection == ChangeCounts(added: 31, changed: 1, removed: 10))
                try await eventually("the mirror is where the store is") { mirror.status.revision == store.revision }
                #expect(mirror.status.lag == 0 && mirror.status.staleness == .zero)
            }
        }
    }

    @Test("changes lead without a gap from their snapshot to every later one")
    func changes() async throws {
        let store = try peer.store()
        try fill(store)
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                let changes = mirror.changes()
                #expect(changes.snapshot.counts.total == 0 && !changes.snapshot.isCurrent)
                for number in 0..<50 {
                    try store.publish(sample.node("n\(number % 20)", bootID: "\(number)"), in: sample.cluster)
                    if number.isMultiple(of: 7) { try store.delete(.key(RecordKey.node("n3").key(in: sample.cluster))) }
                }
                let expected = try store.records(sample.decoder).mapValues(\.record)
                var held: [RecordKey: MeshRecord] = [:]
                var isCurrent = false
                for await batch in changes {
                    for update in batch {
                        switch update {
                        case .changed(let change):
                            #expect(held[change.key] == change.old)
                            held[change.key] = change.new
                        case .current: isCurrent = true
                        case .stale, .withdrawn: Issue.record("\(update)")
                        }
                    }
                    if isCurrent, held == expected { break }
                }
                #expect(held == expected)
                // What builds a snapshot from nothing is the same.
                #expect(mirror.snapshot().updates.count == expected.count + 1)
            }
        }
    }

    @Test("a slow subscriber gets the difference instead of every step")
    func slowSubscriber() async throws {
        let store = try peer.store()
        var configuration = try peer.configuration()
        configuration.maximumPendingChanges = 5
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.reaches(.watching)
                let changes = mirror.changes()
                for number in 0..<100 { try store.publish(sample.node("n", bootID: "\(number)"), in: sample.cluster) }
                try await mirror.follows(store, sample.decoder)
                let iterator = changes.makeAsyncIterator()
                let batch = try await within(.seconds(5)) { await iterator.next() }
                #expect(
                    batch == [
                        .changed(
                            RecordChange(
                                cluster: sample.cluster,
                                key: .node("n"),
                                new: sample.node("n", bootID: "99")
                            )
                        )
                    ]
                )
            }
        }
    }

    @Test("foreign and broken records are counted and told of; the others are not disturbed")
    func refused() async throws {
        let store = try peer.store()
        try fill(store, 3)
        try store.publish(try Sample("hurup", 2).node("spy"), in: ClusterName("hurup"))
        try store.put(RecordKey.node("broken").key(in: sample.cluster), "{")
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.counts.total == 9)
                #expect(mirror.status.rejections.total == 2 && mirror.status.rejections.current == 2)
                #expect(mirror.status.rejections.examples.map(\.key).contains("cilium/state/nodes/v1/hurup/spy"))

                try store.put(RecordKey.node("n1").key(in: sample.cluster), "{")
                try await eventually { mirror.status.outdated == 1 }
                #expect(mirror.snapshot()[.node("n1")]?.record == sample.node("n1"))
                #expect(mirror.snapshot()[.node("n1")]?.isOutdated == true)
                #expect(mirror.status.state == .watching && mirror.status.connections == 1)
            }
        }
    }

    @Test("over its budget a mirror takes no more and says so")
    func budget() async throws {
        let store = try peer.store()
        try fill(store, 10)
        var configuration = try peer.configuration()
        configuration.maximumKeys = 15
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.reaches(.watching)
                #expect(mirror.status.counts.total == 15 && mirror.status.keys == 15)
                #expect(mirror.status.budgetRefusals == 15)
                // What decides over the records is not crowded out by them.
                try store.put(KeyLayout.heartbeat, "now")
                try await eventually { mirror.status.heartbeatAge != nil }
            }
        }
    }

    @Test("a removed mirror withdraws everything, tells its subscribers, and ends")
    func drain() async throws {
        let store = try peer.store()
        try fill(store, 3)
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                let changes = mirror.changes()
                await mirror.drain()
                await mirror.drain()
                #expect(mirror.status.state == .gone)
                #expect(mirror.snapshot().counts.total == 0)
                var updates: [RecordUpdate] = []
                for await batch in changes { updates += batch }
                #expect(updates.first == .stale(sample.cluster) && updates.last == .withdrawn(sample.cluster))
                let removed = updates.dropFirst().dropLast()
                #expect(removed.count == 9)
                for update in removed {
                    guard case .changed(let change) = update, change.new == nil else {
                        Issue.record("\(update) is no removal")
                        continue
                    }
                }
                for await _ in mirror.changes() { Issue.record("nothing follows") }
            }
        }
    }

    @Test("a mirror that was never run can be removed too")
    func drainUnstarted() async throws {
        let mirror = try RemoteClusterMirror(configuration: try peer.configuration(), logger: .silent)
        await mirror.drain()
        #expect(mirror.status.state == .gone)
        await #expect(throws: MirrorRunError.self) { try await mirror.run() }
    }

    @Test("a shutdown keeps what the mirror holds, marks it stale, and ends the subscriptions")
    func shutDown() async throws {
        let store = try peer.store()
        try fill(store, 3)
        try await peer.serving(store) {
            let (mirror, changes) = try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                return (mirror, mirror.changes())
            }
            #expect(mirror.status.state == .idle)
            #expect(mirror.snapshot().counts.total == 9 && !mirror.snapshot().isCurrent)
            var updates: [RecordUpdate] = []
            for await batch in changes { updates += batch }
            #expect(updates == [.stale(sample.cluster)])
            await #expect(throws: MirrorRunError.self) { try await mirror.run() }
        }
    }

    @Test("a configuration out of its ranges is refused with the setting's name and range")
    func configuration() throws {
        var configuration = try peer.configuration()
        configuration.pageSize = 0
        #expect(configuration.fault == "pageSize is 0; allowed is 1 to 10000")
        configuration = try peer.configuration()
        configuration.endpoints = []
        #expect {
            try RemoteClusterMirror(configuration: configuration, logger: .silent)
        } throws: { "\($0)".contains("athens") && "\($0)".contains("no endpoint") }
    }
}
