internal import ClusterMesh
internal import Foundation

/// What `clustermesh serve` prints once it is ready.
struct ReadyLine {
    private let name: String
    private let id: UInt32
    private let endpoint: String
    private let localEndpoint: String?

    init(_ cluster: ServedCluster) {
        name = cluster.agent.configuration.name.rawValue
        id = cluster.agent.configuration.id.rawValue
        endpoint = cluster.endpoint
        localEndpoint = cluster.localEndpoint
    }

    /// For a person.
    var text: String {
        let writers = localEndpoint.map { ", to its own agents at \($0)" } ?? ""
        return "cluster \(name) (ID \(id)) is served at \(endpoint)" + writers
    }

    /// For a machine: one JSON object, its fields always in this order.
    var json: String {
        var fields = [
            ("event", quoted("ready")), ("name", quoted(name)), ("id", "\(id)"), ("endpoint", quoted(endpoint)),
        ]
        if let localEndpoint { fields.append(("localEndpoint", quoted(localEndpoint))) }
        return "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
