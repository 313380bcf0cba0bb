import MeshClient
import MeshCore
import MeshRecords
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport
import Testing

@testable import MeshMirror

/// What happens when …: the events of a peer's life, each over real connections.
struct PeerLifeTests {
    private let sample: Sample
    private let peer: TestPeer

    init() throws {
        sample = try Sample()
        peer = try TestPeer(sample)
    }

    private func config(id: UInt32 = 1, _ change: (inout ClusterConfig) -> Void = { _ in }) -> ClusterConfig {
        var config = ClusterConfig(id: id)
        config.serviceExportsEnabled = true
        change(&config)
        return config
    }

    private func publish(_ config: ClusterConfig, in store: KVStore) throws {
        try store.put(KeyLayout.clusterConfig(of: sample.cluster), config.encoded())
    }

    /// A store with a config and a record of every kind.
    private func filledStore(_ config: ClusterConfig? = nil) throws -> KVStore {
        let store = KVStore()
        try publish(config ?? self.config(), in: store)
        for record in try sample.everything() { try store.publish(record, in: sample.cluster) }
        return store
    }

    private func canary(_ kind: RecordKind, in store: KVStore, _ layout: RecordLayout = .own) throws {
        try store.put(KeyLayout.canary(of: sample.cluster, for: kind, in: layout), "now")
    }

    @Test("remote unreachable: everything is kept and marked stale, the peer is not ready and is tried again")
    func unreachable() async throws {
        let store = try filledStore()
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            try await eventually("it tries again") { mirror.status.connections > 3 }
            let status = mirror.status
            #expect(mirror.snapshot().counts.total == 5 && !mirror.snapshot().isCurrent)
            #expect(status.failures >= 2 && status.lastFailure != nil && status.lastError != nil)
            #expect(status.kinds.values.allSatisfy { !$0.isSynced } && status.kinds[.node]?.count == 1)
            #expect(status.endpoints.first?.lastError != nil && status.endpoints.first.map { $0.attempts > 2 } == true)
        }
    }

    @Test(
        "unreachable for longer than the time to live: services leave, once, the rest stays; they return with the peer")
    func timeToLive() async throws {
        let store = try filledStore()
        let sink = RecordingSink()
        var configuration = try peer.configuration()
        configuration.serviceTimeToLive = .seconds(1)
        configuration.sink = sink
        try await running(configuration) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            try await eventually("services leave") { mirror.snapshot().counts.services == 0 }
            try await eventually("exports leave") { mirror.snapshot().counts.serviceExports == 0 }
            #expect(mirror.snapshot().counts == RecordCounts(nodes: 1, identities: 1, ips: 1))
            #expect(Set(sink.copy.keys.map(\.kind)) == [.node, .identity, .ip])
            // Several times to live later it is still one expiry.
            try await Task.sleep(for: .milliseconds(2500))
            #expect(mirror.status.serviceExpirations == 1)
            #expect(sink.events.filter { $0 == .servicesExpired }.count == 1)
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            #expect(sink.copy.count == 5 && !sink.wasEnteredTwice)
        }
    }

    @Test("reconnect: canaries first, then the listing, then what vanished is deleted, kind by kind")
    func reconnect() async throws {
        let config = config { $0.syncedCanaries = true }
        let store = try filledStore(config)
        for kind in config.exportedKinds { try canary(kind, in: store) }
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            // Another replica, which is still being filled.
            let replica = KVStore()
            try publish(config, in: replica)
            try await peer.serving(replica) {
                try await mirror.reaches(.listing)
                try await eventually("it knows what it waits for") {
                    mirror.status.kinds.values.filter(\.isAwaitingCanary).count == 5
                }
                #expect(mirror.snapshot().counts.total == 5, "an unfinished store is not believed")
                try canary(.node, in: replica)
                try await eventually("nodes are compared") { mirror.snapshot().counts.nodes == 0 }
                try await eventually("and followed") { mirror.status.kinds[.node]?.isSynced == true }
                #expect(mirror.snapshot().counts.total == 4 && mirror.status.state == .listing)
                #expect(mirror.status.kinds[.ip]?.isSynced == false)
                for kind in config.exportedKinds { try canary(kind, in: replica) }
                try await mirror.follows(replica, sample.decoder)
                #expect(mirror.status.kinds.values.allSatisfy { $0.isSynced && !$0.isAwaitingCanary })
                // A canary's end, such as a lease's, takes nothing back.
                try replica.delete(.prefix(KeyLayout.canaries(of: sample.cluster)))
                try replica.publish(sample.node("n7"), in: sample.cluster)
                try await mirror.follows(replica, sample.decoder)
            }
        }
    }

    @Test("remote store wiped and re-created: another store is noticed, canaries are waited for, then it is compared")
    func wiped() async throws {
        let config = config { $0.syncedCanaries = true }
        let store = try filledStore(config)
        for kind in config.exportedKinds { try canary(kind, in: store) }
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            let created = KVStore()
            try await peer.serving(created) {
                try await mirror.reaches(.identifying)
                #expect(mirror.status.storeID == created.identity.clusterID)
                #expect(mirror.snapshot().counts.total == 5)
                try created.publish(sample.node("n1", bootID: "new"), in: sample.cluster)
                for kind in config.exportedKinds { try canary(kind, in: created) }
                try publish(config, in: created)
                try await mirror.follows(created, sample.decoder)
                #expect(mirror.status.lastResync?.causes == [.otherStore])
                #expect(mirror.status.lastResync?.changes == ChangeCounts(changed: 1, removed: 4))
            }
        }
    }

    @Test("endpoint list changed: the connection is made anew at once, what is held is kept, and nothing failed")
    func endpointsChanged() async throws {
        let store = try filledStore()
        let moved = try TestPeer(sample)
        var configuration = try peer.configuration()
        // A wait would show.
        configuration.backoff = Backoff.Configuration()
        try await peer.serving(store) {
            try await moved.serving(store) {
                try await running(configuration) { mirror in
                    try await mirror.follows(store, sample.decoder)
                    mirror.replaceEndpoints([])
                    mirror.replaceEndpoints(configuration.endpoints)
                    #expect(mirror.status.connections == 1, "nothing changed")
                    let changes = mirror.changes()
                    let endpoint = EtcdEndpoint(host: "127.0.0.1", port: moved.port)
                    mirror.replaceEndpoints([endpoint])
                    try await eventually { mirror.status.connections == 2 && mirror.status.state == .watching }
                    #expect(mirror.status.endpoint == endpoint && mirror.status.failures == 0)
                    #expect(mirror.status.resyncs.isEmpty, "it is the same store: the watches resume")
                    #expect(mirror.status.endpoints.map(\.endpoint) == [endpoint])
                    let iterator = changes.makeAsyncIterator()
                    var updates: [RecordUpdate] = []
                    while !updates.contains(.current(sample.cluster)) {
                        guard let batch = await iterator.next() else { break }
                        updates += batch
                    }
                    #expect(updates == [.stale(sample.cluster), .current(sample.cluster)])
                }
            }
        }
    }

    @Test("endpoint list changed while the next attempt is waited for: the wait ends")
    func endpointsChangedWhileWaiting() async throws {
        let store = try filledStore()
        var configuration = try peer.configuration()
        configuration.endpoints = [EtcdEndpoint(host: "127.0.0.1", port: try FreePort.find()[0])]
        configuration.backoff.firstBound = .seconds(3600)
        configuration.backoff.maximumBound = .seconds(3600)
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.reaches(.disconnected)
                #expect(mirror.status.nextAttempt != nil)
                mirror.replaceEndpoints([EtcdEndpoint(host: "127.0.0.1", port: peer.port)])
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.nextAttempt == nil)
            }
        }
    }

    @Test("certificate rotated: the open connection stays, the next one is made with the new one")
    func credentialsReplaced() async throws {
        let store = try filledStore()
        try await running(try peer.configuration(client: "remote-kos")) { mirror in
            try await peer.serving(store) {
                try await mirror.follows(store, sample.decoder)
                let connections = mirror.status.connections
                mirror.replaceCredentials(try TestCertificates.client("stranger"))
                try store.publish(sample.node("n2"), in: sample.cluster)
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.connections == connections)
                #expect(mirror.status.serverIdentity.map { $0.notAfter > 0 } == true)
            }
            try await peer.serving(store) {
                try await eventually("the new one is shown") {
                    mirror.status.lastError?.contains("permission denied") == true
                }
                mirror.replaceCredentials(try TestCertificates.client("remote-kos"))
                try await mirror.follows(store, sample.decoder)
            }
        }
    }

    @Test("server's certificate revoked: the open connection ends, and none is made until it is accepted again")
    func verifierReplaced() async throws {
        let store = try filledStore()
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                mirror.replaceVerifier(.mesh())
                #expect(mirror.status.connections == 1 && mirror.status.state == .watching)
                mirror.replaceVerifier(PeerVerifier { _, _, _ in .failure(PeerVerificationError("it is revoked")) })
                try await eventually { mirror.status.lastError?.contains("it is revoked") == true }
                try await eventually("it is not let in again") { mirror.status.connections > 3 }
                #expect(mirror.snapshot().counts.total == 5 && mirror.status.synchronisations == 1)
                mirror.replaceVerifier(.mesh())
                try await mirror.follows(store, sample.decoder)
            }
        }
    }

    @Test("cluster ID changed: everything of the old number leaves first, then the new one is read")
    func idChanged() async throws {
        let store = try filledStore()
        let sink = RecordingSink()
        var configuration = try peer.configuration()
        configuration.id = nil
        configuration.sink = sink
        configuration.idReservation = sink.reservation
        let other = try Sample("athens", 2)
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.id == sample.id)
                let changes = mirror.changes()
                try store.transaction { transaction in
                    transaction.delete(.key(sample.identity(5).key.key(in: sample.cluster)))
                    for record in try other.everything() {
                        transaction.put(record.key.key(in: other.cluster), record.encoded())
                    }
                    transaction.put(KeyLayout.clusterConfig(of: other.cluster), config(id: 2).encoded())
                }
                try await mirror.follows(store, other.decoder)
                #expect(mirror.status.id == other.id && mirror.status.failures == 0)
                var held = Set(changes.snapshot.all.keys)
                var wasEmpty = false
                for await batch in changes {
                    for case .changed(let change) in batch {
                        // What the watches of the old number still see of the new one's is refused.
                        if !wasEmpty { #expect(change.new == nil, "\(change) came before everything left") }
                        if change.new == nil { held.remove(change.key) } else { held.insert(change.key) }
                        if held.isEmpty { wasEmpty = true }
                    }
                    if batch.contains(.current(sample.cluster)) { break }
                }
                #expect(wasEmpty)
                let order = sink.events.filter {
                    switch $0 {
                    case .identified, .withdrawn, .reserved, .released: true
                    case .put, .delete, .synchronised, .servicesExpired: false
                    }
                }
                #expect(
                    order == [
                        .reserved(sample.id), .identified(config()), .withdrawn, .released, .reserved(other.id),
                        .identified(config(id: 2)),
                    ]
                )
                #expect(sink.copy.count == 5)
            }
        }
    }

    @Test("cluster ID changed to one that is taken: the old data leaves, its number is free, and the peer is refused")
    func idTaken() async throws {
        let store = try filledStore()
        let sink = RecordingSink()
        var configuration = try peer.configuration()
        configuration.id = nil
        configuration.sink = sink
        configuration.idReservation = sink.reservation
        let taken = try ClusterID(2)
        sink.refuse([taken])
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                try publish(config(id: 2), in: store)
                try await eventually { mirror.status.lastError?.contains("ID 2 is taken by peer 'kos'") == true }
                #expect(mirror.snapshot().counts.total == 0 && mirror.status.id == nil)
                #expect(sink.events.last == .released && sink.copy.isEmpty)
                sink.refuse([])
                try await eventually("it gets the number once it is free") { mirror.status.id == taken }
            }
        }
    }

    @Test("config changed: a new connection without a failure, and the layout's records leave only for the new ones")
    func layoutChanged() async throws {
        let store = try filledStore()
        let sink = RecordingSink()
        var configuration = try peer.configuration()
        configuration.sink = sink
        let all = AccessRole(.commonName("remote"), mayRead: [.prefix("cilium/")])
        try await peer.serving(store, roles: [all]) {
            try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                try publish(config { ($0.cached, $0.syncedCanaries) = (true, true) }, in: store)
                try await eventually { mirror.status.kinds[.node]?.isAwaitingCanary == true }
                #expect(mirror.status.failures == 0 && mirror.status.connections == 2)
                #expect(mirror.snapshot().counts.total == 5, "nothing of the new layout is complete")

                let copied = sample.node("n2")
                for record in [copied, sample.service("cart")] {
                    try store.put(record.key.key(in: sample.cluster, layout: .cached), record.encoded())
                }
                // Another cluster's copy lies beside it.
                let foreign = try Sample("hurup", 2)
                try store.put(
                    foreign.node("n9").key.key(in: foreign.cluster, layout: .cached), foreign.node("n9").encoded())
                try canary(.node, in: store, .own)
                try canary(.node, in: store, .cached)
                try await eventually { mirror.status.kinds[.node]?.isSynced == true }
                #expect(mirror.snapshot()[.node("n2")] != nil && mirror.snapshot()[.node("n1")] == nil)
                #expect(mirror.snapshot().counts.total == 5 && mirror.status.rejections.total == 0)
                for kind in RecordKind.allCases { try canary(kind, in: store, .cached) }
                try await mirror.reaches(.watching)
                #expect(mirror.snapshot().counts == RecordCounts(nodes: 1, services: 1))
                #expect(Set(sink.copy.keys) == [copied.key, sample.service("cart").key])
            }
        }
    }

    @Test("a peer that exports endpoint slices only is followed without services, and the status says so")
    func slicesOnly() async throws {
        let store = try filledStore()
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.unsupported.isEmpty)
                try publish(config { $0.endpointSlicesExportMode = "endpointslices-only" }, in: store)
                try await eventually { mirror.status.unsupported.count == 1 && mirror.status.state == .watching }
                #expect(mirror.status.unsupported.first?.contains("endpoint slices") == true)
                #expect(mirror.snapshot().counts.services == 0 && mirror.snapshot().counts.total == 4)
                #expect(mirror.status.kinds[.service]?.isFollowed == false)
                #expect(mirror.status.config?.endpointSlicesExportMode == "endpointslices-only")
                try publish(config(), in: store)
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.snapshot().counts.services == 1)
            }
        }
    }

    @Test("config unreadable later on: it is skipped, and the peer goes on being followed")
    func configUnreadable() async throws {
        let store = try filledStore()
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                try store.put(KeyLayout.clusterConfig(of: sample.cluster), "{")
                try store.publish(sample.node("n2"), in: sample.cluster)
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.connections == 1 && mirror.status.state == .watching)
            }
        }
    }

    @Test("heartbeat stopped: the connection is given up as a failure and made anew; heartbeats keep it")
    func heartbeat() async throws {
        let store = try filledStore()
        var configuration = try peer.configuration()
        configuration.heartbeatTimeout = .seconds(1)
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await eventually { mirror.status.lastError?.contains("no heartbeat within 1.0 seconds") == true }
                #expect(mirror.status.failures > 0 && mirror.status.heartbeatAge == nil)
                #expect(mirror.snapshot().counts.total == 5)
                try store.put(KeyLayout.heartbeat, "now")
                try await eventually { mirror.status.heartbeatAge.map { $0 < .seconds(20) } == true }
                // A deletion is no heartbeat.
                try store.delete(.key(KeyLayout.heartbeat))
                let failures = mirror.status.failures
                try await eventually("its silence is noticed") { mirror.status.failures > failures }
            }
        }
    }

    @Test("configuration removed: everything leaves, a few records at a time, and then the ID is released")
    func removed() async throws {
        let store = try filledStore()
        let count = Withdrawal.recordsPerStep * 2 + 10
        for number in 0..<count { try store.publish(sample.node("many\(number)"), in: sample.cluster) }
        let sink = RecordingSink()
        var configuration = try peer.configuration()
        configuration.pageSize = 256
        configuration.sink = sink
        configuration.idReservation = sink.reservation
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                let changes = mirror.changes()
                // Two ask for it at once.
                async let first: Void = mirror.drain()
                async let second: Void = mirror.drain()
                _ = await (first, second)
                #expect(mirror.status.state == .gone && mirror.snapshot().counts.total == 0)
                #expect(sink.events.suffix(2) == [.withdrawn, .released] && sink.copy.isEmpty)
                #expect(sink.events.filter { $0 == .withdrawn }.count == 1)
                var removed = 0
                var last: RecordUpdate?
                for await batch in changes {
                    removed +=
                        batch.filter { if case .changed(let change) = $0 { change.new == nil } else { false } }.count
                    last = batch.last
                }
                #expect(removed == count + 5 && last == .withdrawn(sample.cluster))
            }
        }
    }

    @Test("process shutdown: nothing leaves, and the ID stays taken")
    func shutDown() async throws {
        let store = try filledStore()
        let sink = RecordingSink()
        var configuration = try peer.configuration()
        configuration.sink = sink
        configuration.idReservation = sink.reservation
        try await peer.serving(store) {
            let mirror = try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                return mirror
            }
            #expect(mirror.snapshot().counts.total == 5)
            #expect(!sink.events.contains(.released) && !sink.events.contains(.withdrawn) && sink.copy.count == 5)
            // Removed afterwards, it withdraws what it kept.
            await mirror.drain()
            #expect(mirror.snapshot().counts.total == 0 && sink.events.suffix(2) == [.withdrawn, .released])
        }
    }

    /// What a mirror is doing when it is removed.
    enum Moment: CaseIterable {
        case connecting, identifying, listing, waiting
    }

    @Test(
        "first connection never succeeded: there is nothing to keep, and a removal ends at once",
        arguments: Moment.allCases)
    func removedEarly(_ moment: Moment) async throws {
        let silent = try SilentListener()
        var configuration = try peer.configuration()
        configuration.connectTimeout = .seconds(300)
        configuration.backoff.firstBound = .seconds(3600)
        configuration.backoff.maximumBound = .seconds(3600)
        let store = KVStore()
        switch moment {
        case .connecting: configuration.endpoints = [EtcdEndpoint(host: "127.0.0.1", port: silent.port)]
        case .waiting: configuration.endpoints = [EtcdEndpoint(host: "127.0.0.1", port: try FreePort.find()[0])]
        case .identifying: break
        case .listing: try publish(config { $0.syncedCanaries = true }, in: store)
        }
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                let state: MirrorState =
                    switch moment {
                    case .connecting: .connecting
                    case .identifying: .identifying
                    case .listing: .listing
                    case .waiting: .disconnected
                    }
                try await mirror.reaches(state)
                #expect(mirror.snapshot().counts.total == 0 && !mirror.snapshot().isCurrent)
                try await within(.seconds(20), "the removal") { await mirror.drain() }
                #expect(mirror.status.state == .gone)
            }
        }
        silent.close()
    }
}
