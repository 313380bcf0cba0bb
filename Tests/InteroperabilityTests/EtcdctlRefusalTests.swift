import MeshCore
import MeshStore
import TestSupport
import Testing

/// What `etcdctl` hears when it tries to change something through our server, and that nothing changes.
@Suite struct EtcdctlRefusalTests {
    private static let writes: [(arguments: [String], input: String)] = [
        (["put", "a", "changed"], ""),
        (["put", "b", "new"], ""),
        (["put", "a", "--ignore-value"], ""),
        (["del", "a"], ""),
        (["del", "", "--prefix"], ""),
        (["txn"], "version(\"a\") > \"0\"\n\nput a changed\n\nput a changed\n\n"),
        // It only reads; but who can send it can send others, and its body is never looked at.
        (["txn"], "\n\nget a\n\n\n"),
        (["compaction", "2"], ""),
        (["lease", "grant", "60"], ""),
        (["lease", "revoke", "1"], ""),
        (["user", "add", "someone:password"], ""),
        (["role", "add", "someone"], ""),
        (["auth", "enable"], ""),
        (["member", "add", "other", "--peer-urls=http://127.0.0.1:1"], ""),
        (["defrag"], ""),
    ]

    @Test(.timeLimit(.minutes(2))) func everyChangeIsRefusedAndSaysWhy() async throws {
        try await Twins.run { twins in
            try await twins.put("a", "1")
            for write in Self.writes {
                let result = try await twins.etcdctl.run(write.arguments, input: write.input)
                let said = result.output + result.errorOutput
                #expect(result.exitCode != 0, "etcdctl \(write.arguments)")
                #expect(said.contains("etcdserver: permission denied"), "etcdctl \(write.arguments): \(said)")
                #expect(said.contains("read-only"), "etcdctl \(write.arguments): \(said)")
            }
            #expect(twins.store.revision == 2)
            #expect(twins.store.get("a")?.value.elementsEqual("1".utf8) == true)
            // The client is still served.
            let said = try await twins.run(["get", "a", "-w", "json"])
            #expect(said.ours == said.theirs)
        }
    }

    @Test(.timeLimit(.minutes(2))) func aClientOfNoRoleReadsNothing() async throws {
        try await Twins.run { twins in
            try await twins.put("a", "1")
            let stranger = try Etcdctl(
                endpoints: twins.etcdctl.endpoints,
                credentials: try TestCertificates.client("stranger")
            )
            let result = try await stranger.run("get", "a")
            #expect(result.exitCode != 0)
            #expect(result.output.isEmpty)
            #expect(result.errorOutput.contains("etcdserver: permission denied"))
        }
    }
}
