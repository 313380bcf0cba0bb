import Foundation
import MeshCore
import TestSupport
import Testing

/// Clusters that `clustermesh serve --peers` mirrors: processes that see each other over files only.
@Suite struct ServePeersTests {
    private let athens: ServedDirectory
    private let kos: TemporaryDirectory

    init() throws {
        athens = try ServedDirectory()
        kos = try TemporaryDirectory()
        let files = try TestCertificates.server("kos").write(to: kos, as: "server")
        try #require(chmod(files.key, 0o600) == 0)
        _ = try TestCertificates.client("remote-kos").write(to: kos, as: "peers/client")
    }

    /// Starts kos, which mirrors whoever stands in its directory.
    private func startKos() async throws -> ServeProcess {
        try await ServeProcess.start(
            [
                "--name", "kos", "--id", "3", "--listen", "127.0.0.1:0", "--cert", "server.crt", "--key", "server.key",
                "--ca", "server-ca.crt", "--peers", "peers",
            ], in: kos)
    }

    private func write(_ text: String, to name: String) throws {
        try kos.write(text, to: "draft")
        try #require(rename(kos.file("draft"), kos.file("peers/" + name)) == 0)
    }

    private func peer(at endpoint: String) -> String {
        """
        endpoints: ['\(endpoint)']
        trusted-ca-file: client-ca.crt
        cert-file: client.crt
        key-file: client.key

        """
    }

    @Test func aPeerComesAndGoesWithItsFile() async throws {
        try athens.writeState(["cilium/state/identities/v1/id/65999": "k8s:io.cilium.k8s.policy.cluster=athens;"])
        let served = try await athens.start("--state", "state")
        let process = try await startKos()
        try write(peer(at: served.ready.endpoint), to: "athens")
        try await process.waitUntilLogged("mirror of athens: watching")
        try FileManager.default.removeItem(atPath: kos.file("peers/athens"))
        try await process.waitUntilLogged("peer 'athens' was removed and has left the views")
        #expect(try await process.stop() == .code(0))
    }

    @Test func aPeerThatIsKilledEndsNobodyAndIsFoundAgain() async throws {
        let port = try FreePort.find()[0]
        let arguments = [
            "--name", "athens", "--id", "1", "--listen", "127.0.0.1:\(port)", "--cert", "server.crt", "--key",
            "server.key", "--ca", "server-ca.crt",
        ]
        let first = try await ServeProcess.start(arguments, in: athens.directory)
        try write(peer(at: first.ready.endpoint), to: "athens")
        let process = try await startKos()
        try await process.waitUntilLogged("mirror of athens: watching")
        first.process.signal(SIGKILL)
        _ = try await first.process.waitForExit(within: .seconds(30))
        try await process.waitUntilLogged("mirror of athens: disconnected")
        #expect(process.process.poll() == nil)
        let second = try await ServeProcess.start(arguments, in: athens.directory)
        try await process.waitUntilLogged("mirror of athens: watching", times: 2)
        withExtendedLifetime(second) {}
    }

    @Test func aBrokenFileIsNamedWithItsLineAndKeyOnce() async throws {
        try write(peer(at: "http://127.0.0.1:1"), to: "athens")
        let process = try await startKos()
        let line = "peers/athens:1: endpoints: endpoint 'http://127.0.0.1:1' does not begin with https://"
        try await process.waitUntilLogged(line)
        // Read again as a whole, with another fault behind it: the first is known.
        try write("endpoints: []\n", to: "hurup")
        try await process.waitUntilLogged("peers/hurup: trusted-ca-file: it is missing")
        #expect(try process.log.components(separatedBy: line).count == 2)
    }

    @Test func aDirectoryThatIsNotThereIsSaidAtOnce() async throws {
        let (exit, error) = try await athens.fail(athens.required + ["--peers", "none"])
        #expect(exit == .code(1))
        #expect(error.contains("--peers: none: the peers' directory cannot be read: it does not exist"))
    }
}
