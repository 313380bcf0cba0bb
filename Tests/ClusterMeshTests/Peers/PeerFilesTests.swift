import ClusterMesh
import ClusterMeshTestKit
import Foundation
import Logging
import TestSupport
import Testing

/// Peers from files come, change and go while an agent runs.
@Suite struct PeerFilesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A cluster with one node, that mirrors nobody by itself.
    private func cluster(_ name: String, _ id: Int) throws -> TestCluster {
        let node = NodeRecord(name: "\(name)-1", cluster: name, clusterID: UInt32(id))
        let key = RecordKey.node(node.name).key(in: try ClusterName(name))
        var cluster = TestCluster(name, id: id, state: [StateLine(key: key, value: node.encoded())])
        cluster.peers = []
        return cluster
    }

    /// Athens follows the directory's files; the other clusters are there to be its peers.
    private func run(
        beside clusters: [(name: String, id: Int)] = [("hurup", 2), ("kos", 3)],
        _ body: @Sendable (TestMesh, MeshAgent) async throws -> Void
    ) async throws {
        var athens = try cluster("athens", 1)
        athens.adjust = { [directory] configuration in
            configuration.peersDirectory = directory.path
            let adjust = configuration.adjustMirror
            configuration.adjustMirror = { mirror in
                adjust(&mirror)
                mirror.identifyTimeout = .seconds(20)
            }
        }
        try await TestMesh.run([athens] + clusters.map { try cluster($0.name, $0.id) }) { mesh in
            try await body(mesh, try mesh.agent("athens"))
        }
    }

    /// Writes a file that appears at once, as whoever changes files well does it.
    private func write(_ text: String, to name: String) throws {
        try directory.write(text, to: ".draft")
        try #require(rename(directory.file(".draft"), directory.file(name)) == 0)
    }

    /// Writes the file of a peer that is reached at `port`, with athens' own certificate.
    private func write(_ name: String, at port: Int, in mesh: TestMesh, lines: String = "") throws {
        let pki = mesh.certificates(of: "athens")
        try write(
            """
            endpoints: [https://127.0.0.1:\(port)]
            trusted-ca-file: \(pki.authorityCertificate)
            cert-file: \(try pki.clientCertificate("remote-athens"))
            key-file: \(try pki.clientKey("remote-athens"))
            \(lines)
            """, to: name)
    }

    private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: directory.file(name)) }

    private func nodes(_ agent: MeshAgent) -> Set<String> {
        let nodes = agent.views.nodes.snapshot()
        return Set(nodes.clusters.names.flatMap { cluster in nodes.nodes(of: cluster).map(\.name) })
    }

    private func mirror(_ name: String, of agent: MeshAgent) throws -> RemoteClusterMirror {
        try #require(agent.mirror(of: try ClusterName(name)))
    }

    // MARK: Coming and going

    @Test func aFileThatIsAddedIsAPeerAndOneThatIsRemovedIsNone() async throws {
        try await run { mesh, athens in
            #expect(athens.peers == [])
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await eventually("kos' node") { nodes(athens) == ["athens-1", "kos-1"] }
            #expect(try mirror("kos", of: athens).status.id?.rawValue == 3, "as it says itself")
            try write("hurup", at: mesh.agent("hurup").port, in: mesh)
            try await eventually("hurup's node") { nodes(athens) == ["athens-1", "hurup-1", "kos-1"] }
            try remove("kos")
            try await eventually("the end of kos") { nodes(athens) == ["athens-1", "hurup-1"] }
            #expect(athens.peers.map(\.rawValue) == ["hurup"])
            #expect(athens.status().peerFaults == [])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
        }
    }

    @Test func filesThatAreThereBeforeAreReadAtOnce() async throws {
        try await run { mesh, _ in
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            var configuration = try MeshConfiguration(
                name: "athens", id: 1, credentials: try mesh.certificates(of: "athens").loadServerCredentials())
            configuration.peersDirectory = directory.path
            let agent = try MeshAgent(
                configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(agent.peers.map(\.rawValue) == ["kos"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await agent.run() }
                try await agent.waitUntilSynchronized(timeout: .seconds(30))
                group.cancelAll()
            }
        }
    }

    @Test func aPeerOfTheCodeWinsOverAFileOfItsName() async throws {
        try await run { mesh, athens in
            try write("kos", at: 1, in: mesh)
            try await eventually("the file") { athens.peers.map(\.rawValue) == ["kos"] }
            let client = try mesh.certificates(of: "athens").loadClientCredentials("remote-athens")
            let kos = try PeerConfiguration(
                name: "kos", endpoints: ["https://127.0.0.1:\(mesh.agent("kos").port)"], credentials: client)
            try athens.setPeers([kos])
            try await eventually("kos' node") { nodes(athens).contains("kos-1") }
            let faults = athens.status().peerFaults
            #expect(faults.map(\.file) == [directory.file("kos")])
            #expect(faults.map(\.effect) == [.ignored])
            // Without the code's, the file's is it again.
            try athens.setPeers([])
            try await eventually("the file's endpoint") {
                try mirror("kos", of: athens).status.lastError != nil && athens.status().peerFaults == []
            }
        }
    }

    // MARK: Changes

    @Test func otherEndpointsReconnectAndKeepWhatIsHeld() async throws {
        try await run { mesh, athens in
            let link = try FaultyLink(to: mesh.agent("kos").port)
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await eventually("kos' node") { nodes(athens).contains("kos-1") }
            let mirror = try mirror("kos", of: athens)
            let changes = mirror.status.changesOnConnection
            #expect(changes.added == 1)
            try write("kos", at: link.port, in: mesh)
            try await eventually("the other endpoint") {
                let status = mirror.status
                return status.endpoint?.port == link.port && status.state == .watching
            }
            #expect(try self.mirror("kos", of: athens) === mirror)
            #expect(mirror.status.changesOnConnection.isEmpty, "everything was held already")
            #expect(nodes(athens).contains("kos-1"))
            await link.close()
        }
    }

    @Test func aFileThatIsWrittenAnewWithTheSameContentChangesNothing() async throws {
        try await run { mesh, athens in
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await athens.waitUntilPeers(["kos"])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
            let mirror = try mirror("kos", of: athens)
            // Another file, which is seen no earlier than this one.
            try write("kos", at: mesh.agent("kos").port, in: mesh, lines: "# but for a comment")
            try write("hurup", at: mesh.agent("hurup").port, in: mesh)
            try await athens.waitUntilPeers(["hurup", "kos"])
            #expect(try self.mirror("kos", of: athens) === mirror)
            #expect(mirror.status.connections == 1 && mirror.status.state == .watching)
        }
    }

    @Test func aBrokenFileIsReportedAndChangesNothing() async throws {
        try await run { mesh, athens in
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await athens.waitUntilPeers(["kos"])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
            try write("endpoints: [https://kos]\nusername: root\n", to: "kos")
            try await eventually("the fault") { !athens.status().peerFaults.isEmpty }
            let fault = try #require(athens.status().peerFaults.first)
            #expect(fault.file == directory.file("kos"))
            #expect(fault.line == 2)
            #expect(fault.key == "username")
            #expect(fault.effect == .formerKept)
            let status = try mirror("kos", of: athens).status
            #expect(status.state == .watching && status.connections == 1)
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await eventually("the end of the fault") { athens.status().peerFaults == [] }
            #expect(try mirror("kos", of: athens).status.connections == 1)
        }
    }

    @Test func aRotatedCertificateIsShownAtTheNextConnectionAndEndsNone() async throws {
        try await run { mesh, athens in
            let authority = try mesh.certificates(of: "athens").loadAuthority()
            func rotate() throws -> CertificateDescription {
                let issued = try authority.issueClient(commonName: "remote-athens")
                // Key and certificate do not change at one moment: what lies between is a fault that passes.
                try write(issued.privateKeyPEM, to: "client.key")
                try write(issued.certificatePEM, to: "client.crt")
                return try CertificateInspector.inspect(pem: issued.certificatePEM)[0]
            }
            let first = try rotate()
            try write(
                """
                endpoints: [https://127.0.0.1:\(mesh.agent("kos").port)]
                trusted-ca-file: \(mesh.certificates(of: "athens").authorityCertificate)
                cert-file: client.crt
                key-file: client.key
                """, to: "kos")
            try await athens.waitUntilPeers(["kos"])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
            let mirror = try mirror("kos", of: athens)
            #expect(mirror.status.connections == 1)

            // What is not seen from outside is over once another file has been seen that was written later.
            _ = try rotate()
            try write("hurup", at: mesh.agent("hurup").port, in: mesh)
            try await athens.waitUntilPeers(["hurup", "kos"])
            #expect(mirror.status.connections == 1 && mirror.status.state == .watching)

            // Kos shuts the first certificate out; the second lets the mirror in again.
            var revoked = RevokedCertificates()
            revoked.insert(fingerprint: first.fingerprint)
            try mesh.agent("kos").setRevoked(revoked)
            try await eventually("the second certificate's connection") {
                mirror.status.connections > 1 && mirror.status.state == .watching
            }
        }
    }

    @Test func aCertificateThatIsMissingIsWaitedFor() async throws {
        try await run { mesh, athens in
            try write(
                """
                endpoints: [https://127.0.0.1:\(mesh.agent("kos").port)]
                trusted-ca-file: \(mesh.certificates(of: "athens").authorityCertificate)
                cert-file: client.crt
                key-file: client.key
                """, to: "kos")
            try await eventually("the fault") { athens.status().peerFaults.first?.key == "cert-file" }
            #expect(athens.peers == [])
            let pki = mesh.certificates(of: "athens")
            for (kind, file) in [
                ("key", try pki.clientKey("remote-athens")), ("crt", try pki.clientCertificate("remote-athens")),
            ] {
                try write(try String(contentsOfFile: file, encoding: .utf8), to: "client.\(kind)")
            }
            try await eventually("kos' node") { nodes(athens).contains("kos-1") }
            #expect(athens.status().peerFaults == [])
        }
    }

    @Test func aCertificateThatIsNotYetValidIsTakenWhenItIs() async throws {
        try await run { mesh, athens in
            let pki = mesh.certificates(of: "athens")
            let issued = try pki.loadAuthority().issueClient(
                commonName: "remote-athens", validity: .seconds(3600),
                notBefore: Int64(Date().timeIntervalSince1970) + 4)
            try write(issued.privateKeyPEM, to: "client.key")
            try write(issued.certificatePEM, to: "client.crt")
            try write(
                """
                endpoints: [https://127.0.0.1:\(mesh.agent("kos").port)]
                trusted-ca-file: \(pki.authorityCertificate)
                cert-file: client.crt
                key-file: client.key
                """, to: "kos")
            try await eventually("the fault, or the time") { !athens.status().peerFaults.isEmpty || athens.peers != [] }
            // No file changes any more.
            try await eventually("kos' node") { nodes(athens).contains("kos-1") }
            #expect(athens.status().peerFaults == [])
        }
    }

    @Test func aPeerWhoseCertificateIsRevokedIsLeftAndItsRecordsAreKept() async throws {
        try await run { mesh, athens in
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await eventually("kos' node") { nodes(athens).contains("kos-1") }
            let server = try CertificateInspector.inspect(file: mesh.certificates(of: "kos").serverCertificate)[0]
            var revoked = RevokedCertificates()
            revoked.insert(fingerprint: server.fingerprint)
            athens.setRevoked(revoked)
            let mirror = try mirror("kos", of: athens)
            try await eventually("the end of the connection") {
                mirror.status.state != .watching && mirror.status.lastError?.contains("revoked") == true
            }
            #expect(nodes(athens).contains("kos-1"), "it may come back with another certificate")
            athens.setRevoked(RevokedCertificates())
            try await eventually("the pardon") { mirror.status.state == .watching }
        }
    }

    // MARK: Numbers

    @Test func aPeerWithTheOwnNumberIsRefused() async throws {
        try await run(beside: [("kos", 1)]) { mesh, athens in
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await athens.waitUntilPeers(["kos"])
            let mirror = try mirror("kos", of: athens)
            try await eventually("the refusal") {
                mirror.status.lastError?.contains("ID 1 is that of this cluster, 'athens'") == true
            }
            #expect(nodes(athens) == ["athens-1"])
        }
    }

    @Test func aNumberThatAnotherPeerHasIsRefusedUntilThatOneIsGone() async throws {
        try await run(beside: [("hurup", 7), ("kos", 7)]) { mesh, athens in
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try await eventually("kos' node") { nodes(athens).contains("kos-1") }
            try write("hurup", at: mesh.agent("hurup").port, in: mesh)
            try await athens.waitUntilPeers(["hurup", "kos"])
            let hurup = try mirror("hurup", of: athens)
            try await eventually("the refusal") {
                hurup.status.lastError?.contains("ID 7 is taken by peer 'kos'") == true
            }
            #expect(nodes(athens) == ["athens-1", "kos-1"])
            try remove("kos")
            try await eventually("the other's turn") { nodes(athens) == ["athens-1", "hurup-1"] }
        }
    }

    // MARK: Isolation

    @Test func whatHappensToPeersEndsNoAgent() async throws {
        try await run { mesh, athens in
            try write("kos", at: mesh.agent("kos").port, in: mesh)
            try write("hurup", at: mesh.agent("hurup").port, in: mesh)
            try await eventually("both nodes") { nodes(athens) == ["athens-1", "hurup-1", "kos-1"] }
            await mesh.stop("kos")
            let mirror = try mirror("kos", of: athens)
            try await eventually("the loss") { mirror.status.state != .watching }
            // The directory goes, as a volume does.
            try FileManager.default.moveItem(atPath: directory.path, toPath: directory.path + ".away")
            try await eventually("the missing directory") { athens.status().peerFaults.first?.file == directory.path }
            #expect(athens.peers.map(\.rawValue) == ["hurup", "kos"])
            #expect(nodes(athens) == ["athens-1", "hurup-1", "kos-1"])
            try FileManager.default.moveItem(atPath: directory.path + ".away", toPath: directory.path)
            try await eventually("its return") { athens.status().peerFaults == [] }
            try mesh.start("kos", holding: [])
            try await eventually("kos without its node") {
                mirror.status.state == .watching && nodes(athens) == ["athens-1", "hurup-1"]
            }
        }
    }
}

extension MeshAgent {
    /// Waits until exactly these peers are configured.
    fileprivate func waitUntilPeers(_ names: [String]) async throws {
        try await eventually("the peers \(names)") { peers.map(\.rawValue) == names }
    }
}
