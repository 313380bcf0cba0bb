import ClusterMesh
import Logging

// Two clusters in one process; each would be a process of its own. The certificates would come from files:
// `ClusterDirectory("pki/athens").loadServerCredentials()`.
let authority = try CertificateAuthority.create(commonName: "example mesh")
let client = try authority.issueClient(commonName: "remote-kos").credentials(trusting: authority.certificatePEM)

func agent(_ name: String, id: Int, mirroring peers: [PeerConfiguration] = []) throws -> MeshAgent {
    let server = try authority.issueServer(cluster: ClusterName(name)).credentials(trusting: authority.certificatePEM)
    var configuration = try MeshConfiguration(name: name, id: id, credentials: server)
    configuration.peers = peers
    return try MeshAgent(configuration: configuration, logger: Logger(label: name))
}

let athens = try agent("athens", id: 1)
let peer = try PeerConfiguration(name: "athens", endpoints: ["https://localhost:\(athens.port)"], credentials: client)
let kos = try agent("kos", id: 3, mirroring: [peer])
try athens.publish([.node(NodeRecord(name: "plaka", cluster: "athens", clusterID: 1))])
try athens.initialStateComplete()

await withThrowingTaskGroup(of: Void.self) { agents in
    for agent in [athens, kos] { agents.addTask { try await agent.run() } }
    let update = await kos.views.nodes.changes().first { @Sendable update in update.state.count > 0 }
    print("kos knows:", update?.state.all.map(\.node.name) ?? [])
    agents.cancelAll()
}
