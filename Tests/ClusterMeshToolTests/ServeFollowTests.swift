import Foundation
import MeshCore
import TestSupport
import Testing

/// `--follow`: a real etcd's state, served to others.
@Suite struct ServeFollowTests {
    private let served: ServedDirectory

    init() throws {
        served = try ServedDirectory()
    }

    private func follow(_ endpoint: String, as client: TLSCredentials.Files) -> [String] {
        [
            "--follow", endpoint, "--follow-cert", client.certificate, "--follow-key", client.key, "--follow-ca",
            client.roots, "--read", "cn:bench=*",
        ]
    }

    private func fields(_ answer: Etcdctl.Result) -> [String] {
        answer.output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("\"MemberID\"") }
    }

    @Test func itServesWhatTheEtcdHoldsWithTheSameRevisions() async throws {
        let etcd = try await EtcdProcess.start(cluster: "athens")
        for number in 1...5 { _ = try await etcd.etcdctl.run("put", "t/\(number)", "value \(number)") }
        let process = try await ServeProcess.start(
            served.required + follow(etcd.endpoint, as: etcd.etcdctl.files), in: served.directory)
        let ours = try process.etcdctl(as: "bench")
        let get = ["get", "--prefix", "t/", "-w", "fields"]
        let served = fields(try await ours.run(get))
        #expect(served.contains { $0.hasPrefix("\"ClusterID\"") })
        #expect(served.filter { $0.hasPrefix("\"Key\"") }.count == 5)
        // With the same cluster's number, revisions and terms; only the member that answers is another.
        #expect(served == fields(try await etcd.etcdctl.run(get)))

        let watch = try ours.watch("t/", "--prefix")
        // A put that is seen says that the watch is open; whether the first one is, is a race.
        var lines: [String] = []
        try await eventually("an event") {
            _ = try await etcd.etcdctl.run("put", "t/new", "new")
            lines = try watch.lines
            return lines.count >= 3
        }
        #expect(lines.prefix(3) == ["PUT", "t/new", "new"])
        let refused = try await ours.run("put", "t/x", "1")
        #expect(refused.errorOutput.contains("athens is served read-only here"))
        #expect(try await process.stop() == .code(0))
    }

    @Test func itIsReadyOnceTheEtcdIsThere() async throws {
        let etcd = try await EtcdProcess.start(cluster: "athens")
        _ = try await etcd.etcdctl.run("put", "t/a", "1")
        try await etcd.stop()
        let process = try ServeProcess.launch(
            served.required + follow(etcd.endpoint, as: etcd.etcdctl.files) + ["--json"], in: served.directory)
        // It says why it is not ready.
        try await eventually("the reason in the log") {
            try process.errorOutput.contains("127.0.0.1:\(etcd.port)")
        }
        #expect(try process.output == "")
        try await etcd.restart()
        try await eventually("the ready line") { try process.output.hasSuffix("}\n") }
    }

    @Test func itEndsCleanlyWhileTheEtcdIsAway() async throws {
        let client = try TestCertificates.client("remote").write(to: served.directory, as: "follow")
        let process = try ServeProcess.launch(
            served.required + follow("https://127.0.0.1:\(try FreePort.find()[0])", as: client), in: served.directory)
        try await eventually("the log") { try process.errorOutput.contains("agent runs") }
        process.signal(SIGTERM)
        #expect(try await process.waitForExit(within: .seconds(30)) == .code(0))
    }

    @Test func theEtcdIsShownANewCertificateWhenItIsBack() async throws {
        let etcd = try await EtcdProcess.start(cluster: "athens")
        let client = try TestCertificates.client("first").write(to: served.directory, as: "follow")
        let process = try await ServeProcess.start(
            served.required + follow(etcd.endpoint, as: client), in: served.directory)
        // A certificate that no etcd takes: only a new connection shows it.
        _ = try TestCertificates.foreignClient("second").write(to: served.directory, as: "follow")
        try await process.waitUntilLogged("the followed etcd is shown the new certificate from the next connection on")
        _ = try await etcd.etcdctl.run("put", "t/a", "1")
        let ours = try process.etcdctl(as: "bench")
        try await eventually("the put over the old connection") {
            try await ours.run("get", "t/a", "--consistency=s").output == "t/a\n1\n"
        }
        try await etcd.restart()
        _ = try await etcd.etcdctl.run("put", "t/a", "2")
        try await process.waitUntilLogged("127.0.0.1:\(etcd.port)")
        #expect(try await ours.run("get", "t/a", "--consistency=s").output == "t/a\n1\n")
        // And one that it takes again.
        _ = try TestCertificates.client("third").write(to: served.directory, as: "follow")
        try await eventually("the put over a new connection") {
            try await ours.run("get", "t/a", "--consistency=s").output == "t/a\n2\n"
        }
    }

    @Test func aCertificateForServersOnlyIsSaidToBeNoClients() async throws {
        let (exit, error) = try await served.fail(served.required + ["--follow", "https://127.0.0.1:1"])
        #expect(exit == .code(1))
        #expect(error.contains("server.crt"), "\(error)")
        #expect(error.contains("--follow-cert"), "\(error)")
    }
}
