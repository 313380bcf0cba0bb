import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct PeerFileTextTests {
    @Test func itIsAnEtcdClientsConfiguration() throws {
        var hurup = try ConnectableCluster.sample("hurup", id: 2)
        hurup.endpoints.append("https://[::1]:2380")
        let text = try ConnectableCluster.sample("athens", id: 1).peerFileText(of: hurup, workingDirectory: "/w")
        #expect(
            text == """
                # How 'athens' reaches 'hurup'. Written by 'clustermesh connect'.
                endpoints:
                - https://hurup.example:2379
                - 'https://[::1]:2380'
                trusted-ca-file: ../ca.crt
                cert-file: ../clients/remote-athens.crt
                key-file: ../clients/remote-athens.key

                """)
    }

    @Test(arguments: [
        ("a/ca.crt", "a/peers", "../ca.crt"),
        ("/etc/mesh/ca.crt", "a/peers", "../../../../etc/mesh/ca.crt"),
        ("/w/o/ca.crt", "/w/o/peers", "../ca.crt"),
        ("a/peers/ca.crt", "a/peers", "ca.crt"),
        ("./a/../b/ca.crt", "a//peers/", "../../b/ca.crt"),
        ("../ca.crt", "peers", "../../ca.crt"),
    ])
    func aPathIsMeantToStandBesideThePeerFile(file: String, directory: String, path: String) {
        #expect(ConnectableCluster.path(file, from: directory, workingDirectory: "/w/x") == path)
    }

    @Test func aPathWithSpacesIsQuoted() throws {
        var athens = try ConnectableCluster.sample("athens", id: 1)
        athens.authorityFile = "athens/the CA's: #1.crt"
        let text = try athens.peerFileText(of: .sample("hurup", id: 2), workingDirectory: "/w")
        #expect(text.contains("\ntrusted-ca-file: '../the CA''s: #1.crt'\n"), "\(text)")
    }
}
