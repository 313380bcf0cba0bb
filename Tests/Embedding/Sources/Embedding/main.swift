import ClusterMesh
import Logging

// Two clusters in one process; each would be a process of its own. The certificates would come from files:
// `ClusterDirectory("pki/athens").loadServerCredentials()`.
let authority = try CertificateAuthority.create(commonName: "example mesh")

func agent(_ name: String, id: Int, mirroring peers: [PeerConfiguration] = []) throws -> MeshAgent {
    let server = try authority.issueServer(cluster: ClusterName(name))
    var configuration = try MeshConfiguration(
        name: name, id: id, credentials: server.credentials(trusting: authority.certificatePEM))
    configuration.peers = peers
    return try MeshAgent(configuration: configuration, logger: Logger(label: name))
}

let athens = try agent("athens", id: 1)
let client = try authority.issueClient(commonName: "remote-kos").credentials(trusting: authority.certificatePEM)
let peer = try PeerConfiguration(
    name: "athens", id: 1, endpoints: ["https://localhost:\(athens.port)"], credentials: client)
let kos = try agent("kos", id: 3, mirroring: [peer])

let node = NodeRecord(name: "plaka", cluster: "athens", clusterID: 1)
try athens.store.put(RecordKey.node(node.name).key(in: athens.configuration.name), node.encoded())
try athens.initialStateComplete()
try kos.initialStateComplete()

try await withThrowingTaskGroup(of: Void.self) { agents in
    agents.addTask { try await athens.run() }
    agents.addTask { try await kos.run() }
    for await update in kos.views.nodes.changes() where update.state.count > 0 {
        print("kos knows: \(update.state.nodes(of: athens.configuration.name).map(\.name))")
        break
    }
    agents.cancelAll()
}
