import ClusterMesh
import ClusterMeshTestKit

/// What one cluster reads in its merged views, in a form that can be compared with what another one reads.
struct ViewSummary: Equatable {
    /// Nodes, as `cluster/name`.
    var nodes: Set<String> = []
    /// The backends of each service that its clusters share.
    var backends: [ServiceName: Set<String>] = [:]
    /// Identities with their labels.
    var identities: [UInt32: String] = [:]
    /// Addresses with the cluster, node and identity behind them.
    var addresses: [String: String] = [:]
}

extension Story {
    /// The merged views of a cluster.
    func view(at name: String) throws -> ViewSummary {
        let views = try mesh.agent(name).views
        let nodes = views.nodes.snapshot()
        let services = views.services.snapshot()
        let identities = views.identities.snapshot()
        let addresses = views.ipCache.snapshot()
        var summary = ViewSummary()
        for cluster in nodes.clusters.names {
            summary.nodes.formUnion(nodes.nodes(of: cluster).map { "\(cluster)/\($0.name)" })
        }
        for service in services.all {
            let shared = ((service.local.map { [$0] } ?? []) + service.remotes).filter {
                $0.record.shared && $0.record.includeExternal
            }
            guard !shared.isEmpty else { continue }
            summary.backends[service.name] = Set(shared.flatMap(\.backends).map(\.text))
        }
        for line in fixtures.flatMap(\.state) {
            guard case .record(let key, _, _)? = try? StateKey(parsing: line.key) else { continue }
            switch key {
            case .identity(let id):
                if let identity = identities[id] { summary.identities[id] = "\(identity.cluster) \(identity.labels)" }
            case .ip(.address(let address)):
                if let entry = addresses.lookup(address) {
                    let host = entry.hostIP.map { "\($0)" } ?? "?"
                    summary.addresses["\(address)"] = "\(entry.cluster) \(host) \(entry.identity)"
                }
            case .ip(.cidr), .node, .service, .serviceExport:
                continue
            }
        }
        return summary
    }

    /// The backends that a cluster would send a service's requests to.
    func backends(of service: ServiceName, at name: String) throws -> [String] {
        try mesh.agent(name).views.services.snapshot()[service]?.backends.map(\.text) ?? []
    }

    /// Whether a cluster has marked what it knows of `peer` as stale, in every view.
    func isStale(_ peer: String, at name: String) throws -> Bool {
        let views = try mesh.agent(name).views
        let marks = [
            views.nodes.snapshot().clusters, views.services.snapshot().clusters,
            views.identities.snapshot().clusters, views.ipCache.snapshot().clusters,
        ]
        return marks.allSatisfy { marks in marks.stale.contains { $0.rawValue == peer } }
    }
}

extension Backend {
    /// Cluster, address and port, for a person.
    fileprivate var text: String {
        "\(endpoint.address):\(endpoint.ports.first?.number ?? 0) (\(cluster))"
    }
}

extension ServiceRecord {
    /// The same service with one more backend, on the ports of the first one.
    func adding(backend: IPAddress) -> ServiceRecord {
        ServiceRecord(
            cluster: cluster, name: name, clusterID: clusterID, frontends: frontends,
            backends: backends + [ServiceEndpoint(backend, ports: backends.first?.ports ?? [])],
            includeExternal: includeExternal, shared: shared)
    }
}
