import MeshClient
import MeshCore
import Testing

@testable import ClusterMesh

@Suite struct PeerSourcesTests {
    private func peer(_ name: String, host: String = "a") throws -> PeerConfiguration {
        PeerConfiguration(
            name: try ClusterName(name), endpoints: [EtcdEndpoint(host: host)],
            credentials: TLSCredentials(certificateChain: "", privateKey: "", trustedRoots: ""))
    }

    private func file(_ name: String, host: String = "file") throws -> FilePeer {
        FilePeer(configuration: try peer(name, host: host), file: "peers/\(name)")
    }

    @Test func peersOfBothCount() throws {
        let merged = PeerSources(code: [try peer("kos")], files: [try file("hurup")]).merged()
        #expect(merged.peers == [try peer("kos"), try peer("hurup", host: "file")])
        #expect(merged.faults == [])
    }

    @Test func whatBothNameIsTheCodesAndTheFileIsReported() throws {
        let merged = PeerSources(code: [try peer("kos")], files: [try file("kos")]).merged()
        #expect(merged.peers == [try peer("kos")])
        #expect(merged.faults.map(\.file) == ["peers/kos"])
        #expect(merged.faults.map(\.effect) == [.ignored])
    }

    @Test func filesBeyondTheMostPeersAreReported() throws {
        let code = try (0..<MeshConfiguration.maximumPeers - 1).map { try peer("c\($0)") }
        let merged = PeerSources(code: code, files: [try file("a"), try file("b"), try file("c")]).merged()
        #expect(merged.peers.count == MeshConfiguration.maximumPeers)
        #expect(merged.peers.last?.name.rawValue == "a")
        #expect(merged.faults.map(\.file) == ["peers/b", "peers/c"])
        #expect(merged.faults.allSatisfy { $0.effect == .notTaken && $0.message.contains("510") })
    }
}
