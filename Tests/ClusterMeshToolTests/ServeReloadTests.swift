import Foundation
import MeshCore
import MeshTLS
import TestSupport
import Testing

/// What a running `clustermesh serve` takes over from changed files, without a restart.
@Suite struct ServeReloadTests {
    private let served: ServedDirectory

    init() throws {
        served = try ServedDirectory()
    }

    /// A watch of everything by a client that may read everything, and that is open: it brought the first lines.
    private func openWatch(_ etcdctl: Etcdctl) async throws -> EtcdctlWatch {
        let watch = try etcdctl.watch("", "--prefix", "--rev=1")
        _ = try await watch.lines(atLeast: 3, within: .seconds(30))
        return watch
    }

    private func start(_ configuration: String) async throws -> ServeProcess {
        try served.writeConfiguration(configuration)
        return try await ServeProcess.start(["--config", "mesh.yaml"], in: served.directory)
    }

    @Test func rolesChangeWithTheFileAndOpenWatchesWithThem() async throws {
        let process = try await start("read: cn:first=*")
        let (first, second) = (try process.etcdctl(as: "first"), try process.etcdctl(as: "second"))
        let watch = try await openWatch(first)
        #expect(try await second.run("get", "x").errorOutput.contains("permission denied"))

        try served.writeConfiguration("read: cn:second=*")
        _ = try await watch.waitForExit(within: .seconds(30))
        #expect(try watch.errorOutput.contains("canceled by the server"))
        try await eventually("the second's role") { try await second.run("get", "x").exitCode == 0 }
        #expect(try await first.run("get", "x").errorOutput.contains("permission denied"))
    }

    @Test func aFaultyFileChangesNothingAndIsNamedWithItsLine() async throws {
        let process = try await start("read: cn:first=*")
        try served.writeConfiguration("read:\n  - cn:second=*\n  - nobody")
        try await process.waitUntilLogged("the configuration stays as it was: mesh.yaml:9: read: ")
        #expect(try await process.etcdctl(as: "first").run("get", "x").exitCode == 0)
        #expect(try await process.etcdctl(as: "second").run("get", "x").exitCode != 0)
    }

    @Test func aSettingThatNeedsARestartIsSaidToNeedOne() async throws {
        let process = try await start("log-level: info")
        try served.writeConfiguration("log-level: debug\nread: cn:first=*")
        try await process.waitUntilLogged("'log-level' has changed; that takes effect when the process is started anew")
        try await eventually("the role beside it") {
            try await process.etcdctl(as: "first").run("get", "x").exitCode == 0
        }
    }

    @Test func aNewCertificateIsShownAndOpenStreamsGoOn() async throws {
        try served.writeState(["t/a": "1"])
        let process = try await start("state: state\nread: cn:first=*")
        let etcdctl = try process.etcdctl(as: "first")
        let watch = try etcdctl.watch("t/", "--prefix", "--rev=1")
        _ = try await watch.lines(atLeast: 3, within: .seconds(30))
        let renewed = try TestCertificates.server("athens")
        #expect(try await !shown(by: process).contains(renewed.certificateChain))

        try served.writeCertificate(renewed)
        process.process.signal(SIGHUP)
        try await process.waitUntilLogged("took over the certificate")
        try await eventually("the new certificate") { try await shown(by: process).contains(renewed.certificateChain) }
        // The stream of before brings what is written after.
        try served.writeState(["t/a": "2"])
        let lines = try await watch.lines(atLeast: 6, within: .seconds(30))
        #expect(lines == ["PUT", "t/a", "1", "PUT", "t/a", "2"])
        #expect(try watch.errorOutput == "")
        withExtendedLifetime(etcdctl) {}
    }

    @Test func aCertificateWithoutItsKeyIsNotTaken() async throws {
        let process = try await start("read: cn:first=*")
        let before = try served.directory.read("server.crt")
        try served.directory.write(try TestCertificates.server("athens").certificateChain, to: "server.crt")
        try await process.waitUntilLogged("the certificate stays as it was: server.key: this is not the private key")
        #expect(try await shown(by: process).contains(before))
    }

    @Test func aRevokedClientsStreamEndsAndItsCallsFail() async throws {
        let process = try await start("read: [cn:first=*, cn:second=*]")
        let (first, second) = (try process.etcdctl(as: "first"), try process.etcdctl(as: "second"))
        let watch = try await openWatch(first)
        try served.writeConfiguration("read: [cn:first=*, cn:second=*]\nrevoke: cn:first")
        process.process.signal(SIGHUP)
        _ = try await watch.waitForExit(within: .seconds(30))
        #expect(try await first.run("--command-timeout=2s", "get", "x").exitCode != 0)
        #expect(try await second.run("get", "x").exitCode == 0)
        // And back.
        try served.writeConfiguration("read: [cn:first=*, cn:second=*]")
        try await eventually("the pardon") { try await first.run("--command-timeout=2s", "get", "x").exitCode == 0 }
    }

    @Test func aRevocationListIsTakenOver() async throws {
        let authority = try TestCertificates.shared.authority
        let client = try TestCertificates.client("first")
        let serial = try CertificateInspector.inspect(pem: client.certificateChain)[0].serialNumber
        try served.directory.write(try authority.issueRevocationList(revoking: [], number: 1), to: "ca.crl")
        let process = try await start("read: cn:first=*\ncrl: ca.crl")
        let etcdctl = try Etcdctl(endpoints: process.ready.endpoint, credentials: client)
        let watch = try await openWatch(etcdctl)

        // A list that is none changes nothing.
        try served.directory.write("nonsense", to: "ca.crl")
        try await process.waitUntilLogged("what is revoked stays as it was: ")
        #expect(try await etcdctl.run("get", "x").exitCode == 0)

        try served.directory.write(try authority.issueRevocationList(revoking: [serial], number: 2), to: "ca.crl")
        _ = try await watch.waitForExit(within: .seconds(30))
        #expect(try await etcdctl.run("--command-timeout=2s", "get", "x").exitCode != 0)
        // Another certificate of the same name is none of the list's.
        #expect(try await process.etcdctl(as: "first").run("get", "x").exitCode == 0)
    }

    /// What `openssl` is shown by the endpoint.
    private func shown(by process: ServeProcess) async throws -> String {
        let client = try TestCertificates.client("first").write(to: served.directory, as: "openssl")
        return try await OpenSSLTool.run(
            "s_client", "-connect", String(process.ready.endpoint.dropFirst("https://".count)), "-alpn", "h2",
            "-CAfile", client.roots, "-cert", client.certificate, "-key", client.key, in: served.directory
        ).output
    }
}
