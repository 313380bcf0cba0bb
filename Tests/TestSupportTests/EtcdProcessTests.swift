import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct EtcdProcessTests {
    @Test func keepsItsDataOverAKillOnTheSamePort() async throws {
        let etcd = try await EtcdProcess.start()
        let port = etcd.port
        let put = try await etcd.etcdctl.run("put", "a", "1")
        #expect(put.exitCode == 0)
        #expect(put.output == "OK\n")
        try await etcd.kill()
        let refused = try await etcd.etcdctl.run("--command-timeout=1s", "--dial-timeout=1s", "get", "a")
        #expect(refused.exitCode != 0)
        try await etcd.restart()
        #expect(etcd.port == port)
        #expect(try await etcd.etcdctl.run("get", "a").output == "a\n1\n")
        try await etcd.stop()
        #expect(try etcd.log.contains("received signal; shutting down"))
    }

    @Test func wantsACertificateOfItsAuthority() async throws {
        let etcd = try await EtcdProcess.start()
        for credentials in [
            try TestCertificates.foreignClient(), try TestCertificates.expiredClient(), try TestCertificates.server(),
        ] {
            let stranger = try Etcdctl(endpoints: etcd.endpoint, credentials: credentials)
            let answer = try await stranger.run("--command-timeout=1s", "--dial-timeout=1s", "get", "a")
            #expect(answer.exitCode != 0)
        }
    }

    @Test func aWatchIsFollowedLineByLine() async throws {
        let etcd = try await EtcdProcess.start()
        let watch = try etcd.etcdctl.watch("a", "--rev=1")
        _ = try await etcd.etcdctl.run("put", "a", "1")
        #expect(try await watch.lines(atLeast: 3) == ["PUT", "a", "1"])
        let transaction = try await etcd.etcdctl.run(["txn"], input: "\nput a 2\n\n\n")
        #expect(transaction.exitCode == 0, "\(transaction)")
        #expect(try await watch.lines(atLeast: 6) == ["PUT", "a", "1", "PUT", "a", "2"])
        await #expect(throws: DeadlineError.self) { try await watch.lines(atLeast: 7, within: .milliseconds(50)) }
        watch.stop()
        #expect(try await watch.waitForExit() == .signal(SIGKILL))
    }

    @Test func aStartThatCannotSucceedSaysWhatEtcdSaid() async throws {
        await #expect {
            try await EtcdProcess.start(extraArguments: ["--no-such-flag"])
        } throws: { error in
            "\(error)".contains("no-such-flag")
        }
    }
}
