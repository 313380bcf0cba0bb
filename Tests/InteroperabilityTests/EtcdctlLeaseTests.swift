import Foundation
import MeshCore
import MeshLocalAPI
import MeshStore
import TestSupport
import Testing

/// What `etcdctl` prints of leases, and what etcd's client library builds on them, over our local server.
@Suite struct EtcdctlLeaseTests {
    /// Grants a lease, and returns its number as etcdctl prints it.
    private func grant(_ etcdctl: Etcdctl, _ ttl: Int) async throws -> (id: String, output: String) {
        let result = try await etcdctl.run("lease", "grant", "\(ttl)")
        let words = result.output.split(separator: " ")
        try #require(words.count == 5 && words[0] == "lease", "\(result.output)\(result.errorOutput)")
        return (String(words[1]), result.output.replacing(words[1], with: "ID"))
    }

    /// Does `arguments` with each one's lease in the place of `ID`; compares what they said with `ID` in its place.
    private func expectSame(
        _ twins: LocalTwins,
        _ leases: (ours: String, theirs: String),
        _ arguments: [String]
    ) async throws {
        func run(_ etcdctl: Etcdctl, _ lease: String) async throws -> Said {
            var said = Said(try await etcdctl.run(arguments.map { $0.replacing("ID", with: lease) }))
            said.output = said.output.replacing(lease, with: "ID")
            // The JSON format has it in decimal.
            if let number = Int64(lease, radix: 16) { said.output = said.output.replacing("\(number)", with: "ID") }
            // The second may turn between the two.
            said.output = said.output.replacing(/remaining\(\d+s\)/, with: "remaining(…)")
            // etcd has the keys of a lease in no order.
            said.output = said.output.replacing(/keys\(\[(.*)\]\)/) { match in
                "keys([\(match.1.split(separator: " ").sorted().joined(separator: " "))])"
            }
            said.errors = said.errors.map { $0.replacing(lease, with: "ID") }
            return said
        }
        async let ours = run(twins.etcdctl, leases.ours)
        async let theirs = run(twins.etcd.etcdctl, leases.theirs)
        let said = try await (ours, theirs)
        #expect(said.0 == said.1, "etcdctl \(arguments)")
    }

    @Test(.timeLimit(.minutes(3))) func theLifeOfALeaseIsPrintedAsOfEtcd() async throws {
        try await LocalTwins.run { twins in
            let ours = try await grant(twins.etcdctl, 600)
            let theirs = try await grant(twins.etcd.etcdctl, 600)
            #expect(ours.output == theirs.output)
            let leases = (ours.id, theirs.id)
            for arguments in [
                ["put", "l/a", "1", "--lease=ID"], ["put", "l/b", "1", "--lease=ID"],
                ["put", "l/a", "2", "--lease=ID"], ["put", "l/b", "2"], ["put", "l/c", "3", "--lease=ID"],
                ["put", "l/c", "4", "--ignore-lease"], ["get", "l/", "--prefix", "-w", "json"],
                ["lease", "keep-alive", "--once", "ID"], ["lease", "timetolive", "ID"],
                ["lease", "timetolive", "ID", "--keys"], ["lease", "list"], ["lease", "revoke", "ID"],
                ["get", "l/", "--prefix", "-w", "json"], ["lease", "timetolive", "ID", "--keys"], ["lease", "list"],
                ["lease", "revoke", "ID"], ["put", "l/d", "1", "--lease=ID"],
                ["lease", "keep-alive", "--once", "ID"], ["lease", "grant", "9000000001"], ["lease", "revoke", "1"],
            ] {
                try await expectSame(twins, leases, arguments)
            }
        }
    }

    @Test(.timeLimit(.minutes(3))) func anExpiredLeaseTakesItsKeysAlong() async throws {
        try await LocalTwins.run { twins in
            @Sendable func letExpire(_ etcdctl: Etcdctl) async throws {
                // Long enough for a busy machine to run both commands.
                let lease = try await grant(etcdctl, 6)
                for key in ["x/1", "x/2"] {
                    let put = try await etcdctl.run("put", key, "1", "--lease=\(lease.id)")
                    #expect(put.output == "OK\n", "\(put.errorOutput)")
                }
                try await eventually("the keys to go") {
                    try await etcdctl.run("get", "x/", "--prefix").output.isEmpty
                }
            }
            async let ours: Void = letExpire(twins.etcdctl)
            async let theirs: Void = letExpire(twins.etcd.etcdctl)
            _ = try await (ours, theirs)
            // One revision each for two puts and for the deletion of both.
            let said = try await twins.run(["get", "x/1", "-w", "json"])
            #expect(said.ours == said.theirs)
            #expect(twins.store.revision == 4)
        }
    }

    @Test(.timeLimit(.minutes(3))) func whoKeepsALeaseAliveKeepsItsKeys() async throws {
        try await withLocalServer { store, server in
            let etcdctl = try Etcdctl(
                endpoints: server.address.endpoint, credentials: try TestCertificates.client("admin-athens")
            )
            let lease = try await grant(etcdctl, 6)
            _ = try await etcdctl.run("put", "kept", "1", "--lease=\(lease.id)")
            let keeper = try etcdctl.begin("lease", "keep-alive", lease.id)
            // Each renewal, one every two seconds, is a line: the lease would not live to see the fifth.
            try await eventually("five renewals") { try keeper.output.split(separator: "\n").count >= 5 }
            #expect(store.get("kept") != nil)
            keeper.kill()
            try await eventually("the key to go with its lease") { store.get("kept") == nil }
        }
    }

    // MARK: - What clientv3's concurrency package builds

    @Test(.timeLimit(.minutes(3))) func aLockIsHeldByOneAtATime() async throws {
        try await withLocalServer { store, server in
            let etcdctl = try Etcdctl(
                endpoints: server.address.endpoint, credentials: try TestCertificates.client("admin-athens")
            )
            let first = try etcdctl.begin("lock", "mutex")
            try await eventually("the lock") { try first.output.hasPrefix("mutex/") }
            let second = try etcdctl.begin("lock", "mutex", "echo", "mine")
            try await eventually("the second to stand in line") {
                store.snapshot().pairs(in: .prefix("mutex/")).count == 2
            }
            #expect(try second.output.isEmpty)
            #expect(second.poll() == nil)
            first.signal(SIGINT)
            #expect(try await second.waitForExit(within: .seconds(30)) == .code(0))
            #expect(try second.output == "mine\n")
            _ = try await first.waitForExit(within: .seconds(30))
            try await eventually("nobody to hold it") { store.snapshot().pairs(in: .prefix("mutex/")).isEmpty }
        }
    }

    @Test(.timeLimit(.minutes(3))) func theLockOfWhoWasKilledGoesWithItsLease() async throws {
        try await withLocalServer { store, server in
            let etcdctl = try Etcdctl(
                endpoints: server.address.endpoint, credentials: try TestCertificates.client("admin-athens")
            )
            let first = try etcdctl.begin("lock", "mutex", "--ttl=2")
            try await eventually("the lock") { try first.output.hasPrefix("mutex/") }
            first.kill()
            let second = try await etcdctl.run("lock", "mutex", "echo", "mine")
            #expect(second.output == "mine\n")
            #expect(second.exitCode == 0)
        }
    }

    @Test(.timeLimit(.minutes(3))) func oneCandidateLeadsAndTheNextFollows() async throws {
        try await withLocalServer { store, server in
            let etcdctl = try Etcdctl(
                endpoints: server.address.endpoint, credentials: try TestCertificates.client("admin-athens")
            )
            let first = try etcdctl.begin("elect", "leader", "first")
            try await eventually("the first to lead") { try first.output.hasSuffix("\nfirst\n") }
            let second = try etcdctl.begin("elect", "leader", "second")
            let observer = try etcdctl.begin("elect", "-l", "leader")
            try await eventually("the second to stand") {
                store.snapshot().pairs(in: .prefix("leader/")).count == 2
            }
            try await eventually("the observer to see the first") { try observer.output.contains("first\n") }
            #expect(try second.output.isEmpty)
            first.signal(SIGINT)
            try await eventually("the second to lead") { try second.output.hasSuffix("\nsecond\n") }
            try await eventually("the observer to see the second") { try observer.output.contains("second\n") }
        }
    }
}
