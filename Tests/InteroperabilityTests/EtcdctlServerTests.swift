import MeshCore
import MeshStore
import TestSupport
import Testing

/// What `etcdctl` prints about our server itself and about leases, against what it prints of a real etcd.
@Suite struct EtcdctlServerTests {
    /// The rows of a table, cut into their fields, without the lines between them.
    private func table(_ text: String) -> [[String]] {
        // 3.5 draws the lines with other characters.
        let lines = text.replacing("│", with: "|").split(separator: "\n")
        return lines.filter { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimming(while: \.isWhitespace) }
        }
    }

    private func tables(
        _ twins: Twins,
        _ arguments: String...
    ) async throws -> (ours: [[String]], theirs: [[String]]) {
        let said = try await twins.run(arguments + ["-w", "table"])
        #expect(said.ours.exitCode == 0, "etcdctl \(arguments): \(said.ours)")
        #expect(said.theirs.exitCode == 0, "etcdctl \(arguments): \(said.theirs)")
        return (table(said.ours.output), table(said.theirs.output))
    }

    @Test(.timeLimit(.minutes(2))) func membersAreListedWithTheURLsToDial() async throws {
        try await Twins.run { twins in
            let (ours, theirs) = try await tables(twins, "member", "list")
            #expect(ours.first == theirs.first)
            #expect(ours.count == 2)
            let id = String(twins.store.identity.memberID, radix: 16)
            // etcd has another member it talks to, even if it is itself; ours has none.
            #expect(ours.last == [id, "started", "athens", "", "https://127.0.0.1:\(twins.port)", "false"])
            #expect(theirs.last?[1] == "started")
            #expect(theirs.last?[5] == "false")
        }
    }

    @Test(.timeLimit(.minutes(2))) func theWholeClusterIsReachedThroughTheListOfMembers() async throws {
        try await Twins.run { twins in
            let result = try await twins.etcdctl.run("endpoint", "health", "--cluster")
            #expect(result.exitCode == 0)
            #expect((result.output + result.errorOutput).contains("https://127.0.0.1:\(twins.port) is healthy"))
        }
    }

    @Test(.timeLimit(.minutes(2))) func statusIsThatOfALeaderAtItsLastEntry() async throws {
        try await Twins.run { twins in
            try await twins.put("a", "1")
            let (ours, theirs) = try await tables(twins, "endpoint", "status")
            #expect(ours.first == theirs.first)
            let row = try #require(ours.last)
            #expect(row[0] == "https://127.0.0.1:\(twins.port)")
            #expect(row[1] == String(twins.store.identity.memberID, radix: 16))
            #expect(row[2].split(separator: ".").count == 3)
            // Leader, learner, term, index, applied index, errors.
            #expect(row[4...].map { $0 } == ["true", "false", "1", "2", "2", ""])
            #expect(Array(theirs.last?[4...5] ?? []) == ["true", "false"])
        }
    }

    @Test(.timeLimit(.minutes(2))) func aServerIsHealthyAlsoToWhoMayNotReadTheKeyThatIsTried() async throws {
        try await Twins.run { twins in
            let (ours, theirs) = try await tables(twins, "endpoint", "health")
            #expect(ours.first == theirs.first)
            #expect(ours.last?[1] == "true")
            #expect(ours.last?[3] == "")
            let stranger = try Etcdctl(
                endpoints: twins.etcdctl.endpoints,
                credentials: try TestCertificates.client("stranger")
            )
            #expect(try await stranger.run("endpoint", "health").exitCode == 0)
        }
    }

    @Test(.timeLimit(.minutes(2))) func hashesAreTheSameWhileThePairsAre() async throws {
        try await Twins.run { twins in
            try await twins.put("a", "1")
            func hash() async throws -> String {
                let (ours, theirs) = try await tables(twins, "endpoint", "hashkv")
                #expect(ours.first == theirs.first)
                return try #require(ours.last?.last)
            }
            let first = try await hash()
            #expect(try await hash() == first)
            try await twins.put("a", "2")
            #expect(try await hash() != first)
        }
    }

    @Test(.timeLimit(.minutes(2))) func alarmsAreNoneAndCanBeDisarmedAsOfEtcd() async throws {
        try await Twins.run { twins in
            for arguments in [["alarm", "list"], ["alarm", "disarm"]] {
                let said = try await twins.run(arguments)
                #expect(said.ours == said.theirs, "etcdctl \(arguments)")
                #expect(said.ours.exitCode == 0)
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func leasesAreToldAsOfEtcd() async throws {
        try await Twins.run { twins in
            for (id, ttl) in [(0x11, 500), (0x7FFF_FFFF_0000_0001, 600), (0x22, 400)] as [(Int64, Int64)] {
                try await twins.grant(LeaseGrantRequest(ttl: ttl, id: LeaseID(id)))
            }
            for key: Key in ["k/b", "k/a"] { try await twins.put(key, "leased", lease: LeaseID(0x22)) }
            for arguments in [
                ["lease", "list"], ["lease", "list", "-w", "json"], ["lease", "timetolive", "99"],
                ["lease", "timetolive", "99", "--keys", "-w", "json"],
            ] {
                let said = try await twins.run(arguments)
                #expect(said.ours == said.theirs, "etcdctl \(arguments)")
            }
            for arguments in [
                ["lease", "timetolive", "22"], ["lease", "timetolive", "11", "--keys"],
                ["lease", "timetolive", "7fffffff00000001", "--keys", "-w", "json"],
            ] {
                let said = try await twins.run(arguments)
                #expect(Self.withoutTheRest(said.ours.output) == Self.withoutTheRest(said.theirs.output))
                #expect(said.ours.exitCode == 0)
            }
            // etcd tells the keys in no order.
            let said = try await twins.run(["lease", "timetolive", "22", "--keys"])
            #expect(said.ours.output.contains("attached keys([k/a k/b])"))
            #expect(said.theirs.output.contains("k/a") && said.theirs.output.contains("k/b"))
        }
    }

    /// `text` without how many seconds a lease has left, which passes while two servers are asked.
    private static func withoutTheRest(_ text: String) -> String {
        text.replacing(/remaining\(\d+s\)/, with: "remaining").replacing(/"ttl":\d+/, with: "\"ttl\"")
    }
}

extension Substring {
    /// The text without the characters at both ends that `isLeftOut` is true of.
    fileprivate func trimming(while isLeftOut: (Character) -> Bool) -> String {
        var rest = drop(while: isLeftOut)
        while let last = rest.last, isLeftOut(last) { rest.removeLast() }
        return String(rest)
    }
}
