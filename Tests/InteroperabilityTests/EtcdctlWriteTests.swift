import MeshCore
import MeshLocalAPI
import MeshStore
import TestSupport
import Testing

/// What `etcdctl` prints when it writes over our local server, against what it prints of a real etcd.
@Suite struct EtcdctlWriteTests {
    private struct Command {
        var arguments: [String]
        var input = ""

        init(_ arguments: String..., input: String = "") {
            self.arguments = arguments
            self.input = input
        }
    }

    /// Runs the commands on both, one after another, in every format that etcdctl prints writes in.
    private func expectSame(_ commands: [Command]) async throws {
        // With everything writable: what deletes all keys is compared, too.
        try await LocalTwins.run {
            $0.writing = .cilium(cluster: $0.cluster, allowsCacheWrites: true)
        } _: { twins in
            for (number, command) in commands.enumerated() {
                let formats: [[String]] = [[], ["-w", "json"], ["-w", "fields"]]
                let arguments = command.arguments + formats[number % formats.count]
                let said = try await twins.run(arguments, input: command.input)
                #expect(said.ours == said.theirs, "etcdctl \(arguments) \(command.input)")
            }
            let all = try await twins.run(["get", "", "--prefix", "-w", "json"])
            #expect(all.ours == all.theirs)
        }
    }

    @Test(.timeLimit(.minutes(3))) func putsAndDeletionsArePrintedAsOfEtcd() async throws {
        try await expectSame([
            Command("put", "a", "1"), Command("put", "a", "2", "--prev-kv"), Command("put", "a", "3", "--prev-kv"),
            Command("put", "b", ""), Command("put", "b", "--ignore-value"), Command("put", "b", "x", "--ignore-lease"),
            Command("put", "missing", "--ignore-value"), Command("put", "c", "1", "--lease=123"),
            Command("put", "", "1"), Command("put", "ключ", "значение", "--prev-kv"),
            Command("put", "n", input: "in\n"),
            Command("get", "", "--prefix"), Command("del", "a", "--prev-kv"), Command("del", "a", "--prev-kv"),
            Command("del", "b"), Command("put", "a", "again"), Command("get", "a"), Command("put", "d/1", "x"),
            Command("put", "d/2", "y"), Command("put", "d/3", "z"), Command("del", "d/1", "d/3", "--prev-kv"),
            Command("del", "d/3", "d/1"), Command("del", "d/", "--prefix", "--prev-kv"), Command("put", "z", "1"),
            Command("put", "y", "1"), Command("del", "y", "--from-key", "--prev-kv"),
            Command("del", "nothing", "--prefix"),
        ])
    }

    @Test(.timeLimit(.minutes(3))) func transactionsArePrintedAsOfEtcd() async throws {
        try await expectSame([
            Command("put", "a", "1"),
            Command("txn", input: "value(\"a\") = \"1\"\n\nput a 2\nget a\n\nput a wrong\n\n"),
            Command("txn", input: "value(\"a\") = \"1\"\n\nput a wrong\n\nget a\ndel a --prev-kv\n\n"),
            Command("txn", input: "version(\"a\") = \"0\"\n\nput a 1\nput b 1\n\nget a\n\n"),
            Command("txn", input: "create(\"a\") > \"3\"\nmod(\"b\") != \"1\"\n\nget --prefix \"\"\n\nput c 1\n\n"),
            Command("txn", input: "mod(\"a\") < \"2\"\n\nput c 1\n\ndel --prefix \"\"\n\n"),
            Command("txn", input: "\n\n\n\n"),
            Command("txn", input: "\n\nput same 1\nput same 2\n\n\n"),
            Command("txn", input: "\n\ndel --prefix s\nput same 2\n\n\n"),
            Command("txn", input: "\n\nget a --rev=1000\n\n\n"),
            Command("put", "e", "1"),
            Command("txn", input: "\n\nput e --ignore-value\nput f --ignore-value\n\n\n"),
        ])
    }

    @Test(.timeLimit(.minutes(3))) func compactionsArePrintedAsOfEtcd() async throws {
        try await expectSame([
            Command("put", "a", "1"), Command("put", "a", "2"), Command("put", "a", "3"), Command("compaction", "3"),
            Command("get", "a", "--rev=2"), Command("get", "a", "--rev=3"), Command("compaction", "3"),
            Command("compaction", "2"), Command("compaction", "100"), Command("compaction", "4", "--physical"),
            Command("put", "a", "4"),
        ])
    }

    @Test(.timeLimit(.minutes(3))) func aWatchSeesWhatIsWrittenHere() async throws {
        try await LocalTwins.run { twins in
            let ours = try twins.etcdctl.watch("w/", "--prefix", "--rev=1", "--prev-kv")
            let theirs = try twins.etcd.etcdctl.watch("w/", "--prefix", "--rev=1", "--prev-kv")
            defer {
                ours.stop()
                theirs.stop()
            }
            for command in [
                ["put", "w/a", "1"], ["put", "other", "x"], ["put", "w/a", "2"], ["del", "w/", "--prefix"],
                ["put", "w/end", "the end"],
            ] {
                let said = try await twins.run(command)
                #expect(said.ours == said.theirs, "etcdctl \(command)")
            }
            for watch in [ours, theirs] {
                try await eventually("the last event") { try watch.lines.contains("the end") }
            }
            #expect(try ours.lines == theirs.lines)
        }
    }

    @Test(.timeLimit(.minutes(2))) func whatIsAnotherClustersIsRefusedAndSaysWhy() async throws {
        try await withLocalServer { store, server in
            let admin = try TestCertificates.client("admin-athens")
            let etcdctl = try Etcdctl(endpoints: server.address.endpoint, credentials: admin)
            for arguments in [
                ["put", "cilium/cache/nodes/v1/hurup/n", "1"], ["put", "cilium/cluster-config/hurup", "{}"],
                ["del", "cilium/synced/", "--prefix"], ["del", "", "--prefix"],
            ] {
                let result = try await etcdctl.run(arguments)
                #expect(result.exitCode != 0, "etcdctl \(arguments)")
                #expect(result.errorOutput.contains("may be written in cluster athens"), "\(result.errorOutput)")
            }
            let readers = try Etcdctl(
                endpoints: server.address.endpoint, credentials: try TestCertificates.client("local-athens")
            )
            let result = try await readers.run("put", "a", "1")
            #expect(result.errorOutput.contains("may not write in cluster athens"), "\(result.errorOutput)")
            #expect(store.revision == 1)
        }
    }

    /// etcdctl 3.4 compares the certificate with the path and has no way to be told another name, so it is told not to
    /// compare; its own certificate is judged all the same.
    @Test(.timeLimit(.minutes(2))) func aUnixSocketTakesTheSameCommands() async throws {
        let directory = try TemporaryDirectory()
        try await withLocalServer {
            $0.address = .unix(path: directory.file("local.sock"))
        } _: { store, server in
            let etcdctl = try Etcdctl(
                endpoints: server.address.endpoint, credentials: try TestCertificates.client("admin-athens")
            )
            let put = try await etcdctl.run("--insecure-skip-tls-verify", "put", "a", "1")
            #expect(put.output == "OK\n", "\(put.errorOutput)")
            let get = try await etcdctl.run("--insecure-skip-tls-verify", "get", "a")
            #expect(get.output == "a\n1\n")
            #expect(store.revision == 2)
            let stranger = try Etcdctl(
                endpoints: server.address.endpoint, credentials: try TestCertificates.client("stranger")
            )
            let refused = try await stranger.run("--insecure-skip-tls-verify", "put", "a", "2")
            #expect(refused.errorOutput.contains("may not write in cluster athens"), "\(refused.errorOutput)")
        }
    }
}
