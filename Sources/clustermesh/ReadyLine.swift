internal import ClusterMesh

/// What `clustermesh serve` prints once it is ready.
struct ReadyLine {
    private let name: String
    private let id: UInt32
    private let endpoint: String
    private let localEndpoint: String?
    private let cacheEndpoint: String?

    init(_ cluster: ServedCluster) {
        name = cluster.agent.configuration.name.rawValue
        id = cluster.agent.configuration.id.rawValue
        endpoint = cluster.endpoint
        localEndpoint = cluster.localEndpoint
        cacheEndpoint = cluster.cacheEndpoint
    }

    /// For a person.
    var text: String {
        let writers = localEndpoint.map { ", to its own agents at \($0)" } ?? ""
        let readers = cacheEndpoint.map { ", with what it mirrors at \($0)" } ?? ""
        return "cluster \(name) (ID \(id)) is served at \(endpoint)" + writers + readers
    }

    /// For a machine: one JSON object, its fields always in this order.
    var json: String {
        var fields: [(String, JSONValue)] = [
            ("event", .text("ready")), ("name", .text(name)), ("id", .number(Int64(id))), ("endpoint", .text(endpoint)),
        ]
        if let localEndpoint { fields.append(("localEndpoint", .text(localEndpoint))) }
        if let cacheEndpoint { fields.append(("cacheEndpoint", .text(cacheEndpoint))) }
        return JSONValue.object(fields).line
    }
}
