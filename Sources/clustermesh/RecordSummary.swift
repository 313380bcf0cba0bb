internal import ClusterMesh

/// What a pair of a cluster's state says, on one line for people. `nil` for a key that is no part of a cluster's state.
struct RecordSummary {
    /// The line.
    let text: String
    /// Whether it says why the pair cannot be read.
    let isFault: Bool

    init?(_ pair: KeyValue) {
        let stateKey: StateKey
        do {
            stateKey = try StateKey(parsing: pair.key)
        } catch {
            guard error.reason == .malformedKey else { return nil }
            (text, isFault) = (error.message, true)
            return
        }
        do {
            (text, isFault) = (try Self.text(stateKey, Array(pair.value)), false)
        } catch {
            (text, isFault) = ("not readable: \(error.message)", true)
        }
    }

    private static func text(_ key: StateKey, _ value: [UInt8]) throws(RecordError) -> String {
        switch key {
        case .heartbeat: "heartbeat \(String(decoding: value, as: UTF8.self))"
        case .clusterConfig(let cluster): "cluster config of \(cluster): \(text(try ClusterConfig(decoding: value)))"
        case .canary(let cluster, let kind, .own): "the \(kind.rawValue) records of \(cluster) are complete"
        case .canary(let cluster, let kind, .cached):
            "the copies of the \(kind.rawValue) records of \(cluster) are complete"
        case .record(let record, _, .own): try text(record, value)
        case .record(let record, let owner, .cached):
            "copied from \(owner?.rawValue ?? "another cluster"): \(try text(record, value))"
        }
    }

    private static func text(_ key: RecordKey, _ value: [UInt8]) throws(RecordError) -> String {
        switch key {
        case .node: text(try NodeRecord(decoding: value))
        case .service: text(try ServiceRecord(decoding: value))
        case .identity(let number): text(try IdentityRecord(id: number, decoding: value))
        case .ip: text(try IPRecord(decoding: value))
        case .serviceExport: text(try ServiceExportRecord(decoding: value))
        }
    }

    private static func text(_ config: ClusterConfig) -> String {
        var parts = ["ID \(config.id)"]
        if config.maxConnectedClusters != 0 { parts.append("for \(config.maxConnectedClusters) clusters") }
        if config.syncedCanaries { parts.append("with canaries") }
        if config.cached { parts.append("cached") }
        if config.serviceExportsEnabled == true { parts.append("with service exports") }
        if !config.endpointSlicesExportMode.isEmpty { parts.append(config.endpointSlicesExportMode) }
        return parts.joined(separator: ", ")
    }

    private static func text(_ node: NodeRecord) -> String {
        "node \(node.cluster)/\(node.name) (ID \(node.clusterID)): addresses \(list(node.addresses.map(\.ip)))"
            + ", pods \(list(node.podCIDRs))"
    }

    private static func text(_ service: ServiceRecord) -> String {
        let flags = [service.includeExternal ? "global" : nil, service.shared ? "shared" : nil].compactMap(\.self)
        return "service \(service.name) of \(service.cluster) (ID \(service.clusterID)): "
            + "frontends \(list(service.frontends.map(\.address))), backends \(list(service.backends.map(\.address)))"
            + (flags.isEmpty ? "" : ", " + flags.joined(separator: " and "))
    }

    private static func text(_ identity: IdentityRecord) -> String {
        "identity \(identity.id): \(identity.labels)"
    }

    private static func text(_ export: ServiceExportRecord) -> String {
        "service export \(export.name) of \(export.cluster): \(export.type), ports \(list(export.ports.map(\.number)))"
    }

    private static func text(_ ip: IPRecord) -> String {
        let host = ip.hostIP.map { " on \($0)" } ?? ""
        let pod = ip.podName.isEmpty ? "" : ", pod \(ip.namespace)/\(ip.podName)"
        return "ip \(ip.ip)\(host): identity \(ip.identity)\(pod)"
    }

    /// A few of them, and how many more there are.
    private static func list<Element: CustomStringConvertible>(_ elements: [Element]) -> String {
        guard !elements.isEmpty else { return "none" }
        let shown = elements.prefix(4).map(\.description).joined(separator: " ")
        return elements.count > 4 ? "\(shown) and \(elements.count - 4) more" : shown
    }
}
