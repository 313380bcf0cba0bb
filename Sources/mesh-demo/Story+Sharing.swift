import ClusterMesh
import ClusterMeshTestKit

/// Clusters that work as they should.
extension Story {
    /// Every cluster reaches the same view of all.
    func meshComesUp(since began: ContinuousClock.Instant) async throws {
        narrator.chapter("Three clusters find each other")
        let synchronized = try await time(since: began) {
            try mesh.names.allSatisfy { try mesh.agent($0).status().isSynchronized }
        }
        // What a mirror has applied reaches the views a moment later.
        let agreed = try await time(since: began) {
            let views = try mesh.names.map { try self.view(at: $0) }
            return views.allSatisfy { $0 == views[0] && !$0.backends.isEmpty }
        }
        try announceReady()
        try printTable()
        let view = try self.view(at: mesh.names[0])
        narrator.outcome(
            "converged", ok: synchronized != nil && agreed.map { $0 < Self.limit } == true,
            "all three have the same view \(agreed?.readable ?? "never") after the first certificate was made: "
                + "\(view.nodes.count) nodes, \(view.backends.count) global services, "
                + "\(view.identities.count) identities, \(view.addresses.count) addresses",
            [
                "milliseconds": .decimal(agreed?.milliseconds ?? -1), "nodes": .number(view.nodes.count),
                "globalServices": .number(view.backends.count), "identities": .number(view.identities.count),
                "ips": .number(view.addresses.count),
            ])
        let cart = ServiceName(namespace: "shop", name: "cart")
        let backends = try backends(of: cart, at: "kos")
        narrator.say("    shop/cart, as kos reads it: " + backends.sorted().joined(separator: ", "))
    }

    /// A pod starts in athens.
    func backendIsAdded() async throws {
        narrator.chapter("A backend is added in athens")
        let athens = try mesh.agent("athens")
        let name = ServiceName(namespace: "shop", name: "cart")
        let key = RecordKey.service(name).key(in: athens.configuration.name)
        guard let pair = athens.reader.snapshot()[key] else {
            return narrator.outcome("backend-added", ok: false, "athens has no service \(name)")
        }
        let added = "10.0.3.77"
        let service = try ServiceRecord(decoding: pair.value).adding(backend: try IPAddress(added))
        let start = ContinuousClock.now
        try athens.store.put(key, service.encoded())
        let put = start.duration(to: .now)
        var pending = Set(others(than: "athens"))
        var times: [String: Duration] = [:]
        _ = try await time(since: start) {
            for cluster in pending where try backends(of: name, at: cluster).contains(where: { $0.contains(added) }) {
                times[cluster] = start.duration(to: .now)
                pending.remove(cluster)
            }
            return pending.isEmpty
        }
        narrator.say("    written to athens' store in \(put.readable)")
        for cluster in others(than: "athens") {
            narrator.outcome(
                "backend-added", ok: times[cluster].map { $0 < Self.limit } == true,
                "\(cluster) sees it after \(times[cluster]?.readable ?? "…never")",
                ["at": .text(cluster), "milliseconds": .decimal(times[cluster]?.milliseconds ?? -1)])
        }
    }

    /// What each cluster knows of each other one.
    func printTable() throws {
        var rows = [["cluster", "peer", "state", "nodes", "services", "identities", "IPs", "revision", "lag"]]
        for name in mesh.names {
            for peer in try mesh.agent(name).status().peers {
                let lag =
                    peer.staleness.map { $0 == .zero ? "\(peer.lag)" : "\(peer.lag), \($0.readable) stale" } ?? "–"
                rows.append([
                    name, "\(peer.cluster)", peer.state.rawValue, "\(peer.counts.nodes)", "\(peer.counts.services)",
                    "\(peer.counts.identities)", "\(peer.counts.ips)", "\(peer.revision)", lag,
                ])
            }
        }
        narrator.table(rows)
    }

    /// Tells machines where the clusters are and with which certificate they can be read.
    private func announceReady() throws {
        let clusters = try mesh.names.map { name in
            let agent = try mesh.agent(name)
            let files = mesh.certificates(of: name)
            let client = "remote-" + name
            return Figure.object([
                "name": .text(name), "id": .number(Int(agent.configuration.id.rawValue)),
                "endpoint": .text("https://127.0.0.1:\(agent.port)"), "ca": .text(files.authorityCertificate),
                "cert": .text(try files.clientCertificate(client)), "key": .text(try files.clientKey(client)),
            ])
        }
        narrator.event("ready", ["clusters": .list(clusters)])
    }

    /// Lines to paste into another terminal.
    func printCommands() throws {
        narrator.chapter("The mesh goes on running; end it with Control-C")
        narrator.say("  # read from any of them, as any etcd client can:")
        for name in mesh.names {
            let agent = try mesh.agent(name)
            let files = mesh.certificates(of: name)
            let client = "remote-" + name
            let options =
                "--endpoints https://127.0.0.1:\(agent.port) --cacert \(files.authorityCertificate) "
                + "--cert \(try files.clientCertificate(client)) --key \(try files.clientKey(client))"
            narrator.say("\n  # \(name)")
            narrator.say("  alias \(name)='ETCDCTL_API=3 etcdctl \(options)'")
            narrator.say("  \(name) get --prefix --keys-only cilium/state/nodes/")
            narrator.say("  \(name) watch --prefix cilium/state/")
            narrator.say("  \(name) put cilium/state/nodes/v1/\(name)/mine nothing   # refused")
        }
    }
}
