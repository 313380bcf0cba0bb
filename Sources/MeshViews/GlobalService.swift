public import MeshCore
public import MeshRecords

/// Which backends a service prefers (Cilium's annotation `service.cilium.io/affinity`).
public enum ServiceAffinity: String, Hashable, Sendable, CaseIterable {
    /// All backends alike.
    case none
    /// The local cluster's; those of others while none of the local ones is healthy.
    case local
    /// Those of other clusters; the local ones while none of the others is healthy.
    case remote
}

/// An address that serves a global service, and whose it is.
public struct Backend: Hashable, Sendable {
    /// The cluster that offers it.
    public var cluster: ClusterName
    /// Its address and ports.
    public var endpoint: ServiceEndpoint
    /// Its zone, where its cluster says so.
    public var zone: BackendZone?
}

/// One service, merged over the clusters that offer it under the same namespace and name.
public struct GlobalService: Hashable, Sendable {
    /// What one cluster says of the service.
    public struct Part: Hashable, Sendable {
        /// The cluster.
        public var cluster: ClusterName
        /// Its record.
        public var record: ServiceRecord

        /// The cluster's backends.
        public var backends: [Backend] {
            record.backends.map { endpoint in
                let zone = record.zones.isEmpty ? nil : record.zones[endpoint.address.description]
                return Backend(cluster: cluster, endpoint: endpoint, zone: zone)
            }
        }
    }

    /// Namespace and name.
    public let name: ServiceName
    /// What the local cluster says of it; `nil` if it does not have the service.
    public internal(set) var local: Part?
    /// What other clusters say of it that share it, in the order of their names.
    public internal(set) var remotes: [Part] = []

    /// Whether the local cluster uses other clusters' backends: unless it has the service and did not make it global.
    ///
    /// Cilium asks for a local service too, because only that has frontends. A view has none to decide about: where it
    /// matters, look at ``local``.
    public var usesRemotes: Bool { local?.record.includeExternal ?? true }

    /// The clusters whose backends are used, the local one first.
    public var clusters: [ClusterName] { parts.map(\.cluster) }

    /// All backends that are used, the local cluster's first.
    public var backends: [Backend] { parts.flatMap(\.backends) }

    private var parts: [Part] { (local.map { [$0] } ?? []) + (usesRemotes ? remotes : []) }

    /// Whether it is more than a service that the local cluster keeps for itself.
    var isGlobal: Bool { local?.record.includeExternal == true || !remotes.isEmpty }

    /// The backends to send to, by affinity and health, as Cilium chooses them.
    ///
    /// - `.none`: all of them, healthy or not.
    /// - `.local`: the local ones; the others too if no local one is healthy and one of the others is.
    /// - `.remote`: the other way round.
    ///
    /// - Parameters:
    ///   - affinity: what the local cluster prefers; see ``ServiceAnnotations``.
    ///   - failed: clusters whose backends leave as if they did not offer the service, whatever the affinity: those that
    ///     a health check gave up, say, or ``ClusterMarks/stale`` where nobody is to be sent to a cluster that cannot be
    ///     reached. Cilium has no such choice: it keeps a lost cluster's backends until it is removed or they expire.
    ///   - isHealthy: whether a backend answers.
    public func backends(
        affinity: ServiceAffinity,
        excluding failed: [ClusterName] = [],
        isHealthy: (Backend) -> Bool = { _ in true }
    ) -> [Backend] {
        func offered(_ part: Part) -> [Backend] { failed.contains(part.cluster) ? [] : part.backends }
        let here = local.map(offered) ?? []
        let elsewhere = usesRemotes ? remotes.flatMap(offered) : []
        func preferring(_ preferred: [Backend], over others: [Backend]) -> Bool {
            preferred.contains(where: isHealthy) || !others.contains(where: isHealthy)
        }
        switch affinity {
        case .none: return here + elsewhere
        case .local: return preferring(here, over: elsewhere) ? here : here + elsewhere
        case .remote: return preferring(elsewhere, over: here) ? elsewhere : here + elsewhere
        }
    }
}
