import ClusterMesh
import Logging
import TestSupport
import Testing

@Suite struct MeshConfigurationTests {
    private func peer(_ name: String, _ id: Int, endpoints: [String] = ["https://127.0.0.1:1"]) throws
        -> PeerConfiguration
    {
        try PeerConfiguration(
            name: name, id: id, endpoints: endpoints, credentials: TestCertificates.client("remote-athens"))
    }

    /// What making an agent of athens with these peers says is wrong.
    private func fault(_ peers: [PeerConfiguration]) throws -> String? {
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        configuration.peers = peers
        do {
            _ = try MeshAgent(configuration: configuration, logger: Logger(label: "test"))
            return nil
        } catch {
            return error.message
        }
    }

    @Test func peersWithDifferentNamesAndNumbersAreAccepted() throws {
        #expect(try fault([peer("hurup", 2), peer("kos", 3)]) == nil)
    }

    @Test func theOwnNameIsNoPeer() throws {
        #expect(try fault([peer("athens", 2)])?.contains("own name") == true)
    }

    @Test func theNameOfAClusterThatIsInNoMeshIsRefused() throws {
        #expect(try fault([peer("default", 2)])?.contains("'default'") == true)
        let own = try MeshConfiguration(name: "default", id: 1, credentials: TestCertificates.server("athens"))
        #expect(throws: MeshConfigurationError.self) {
            try MeshAgent(configuration: own, logger: Logger(label: "test"))
        }
    }

    @Test func tooManyEndpointsAreRefused() throws {
        let most = (1...PeerConfiguration.maximumEndpoints).map { "https://127.0.0.1:\($0)" }
        #expect(try fault([peer("kos", 3, endpoints: most)]) == nil)
        #expect(try fault([peer("kos", 3, endpoints: most + ["https://127.0.0.1:99"])])?.contains("at most 64") == true)
    }

    @Test func aDirectoryOfPeersWithoutANameIsRefused() throws {
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        configuration.peersDirectory = ""
        #expect(throws: MeshConfigurationError.self) {
            try MeshAgent(configuration: configuration, logger: Logger(label: "test"))
        }
    }

    @Test func aPeerConfiguredTwiceIsRefused() throws {
        #expect(try fault([peer("kos", 2), peer("kos", 3)])?.contains("'kos' is configured twice") == true)
    }

    @Test func aNumberThatIsTakenIsRefusedWithItsHolder() throws {
        #expect(try fault([peer("hurup", 2), peer("kos", 2)])?.contains("'hurup' both have ID 2") == true)
        #expect(try fault([peer("hurup", 1)])?.contains("'athens' both have ID 1") == true)
    }

    @Test func aPeerWithoutAnEndpointIsRefused() throws {
        #expect(try fault([peer("kos", 3, endpoints: [])])?.contains("'kos' has no endpoint") == true)
    }

    @Test(arguments: ["http://a:1", "a:2379", "https://", "https://a:0", "https://a/b"])
    func aTextThatIsNoEndpointIsRefused(_ text: String) throws {
        #expect(throws: (any Error).self) { try peer("kos", 3, endpoints: [text]) }
    }

    @Test(arguments: [("", 1), ("Athens", 1), ("a_b", 1), ("athens", 0), ("athens", 256)])
    func aNameOrNumberThatNoClusterCanHaveIsRefused(_ name: String, _ id: Int) throws {
        #expect(throws: ClusterNamingError.self) {
            try MeshConfiguration(name: name, id: id, credentials: TestCertificates.server("athens"))
        }
    }
}
