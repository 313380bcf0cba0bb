import MeshCore
import MeshStore
import TestSupport
import Testing

/// What `etcdctl get` prints of our server, against what it prints of a real etcd with the same history.
@Suite struct EtcdctlGetTests {
    /// Ten keys with a past: written again, deleted, created anew, in transactions, and one compaction. Revision 3 is
    /// compacted, 14 is the last.
    private func write(to twins: Twins) async throws {
        for key in ["g/a", "g/b", "g/c", "g/d", "other/x"] { try await twins.put(Key(key), "first of \(key)") }
        try await twins.put("g/b", "second of g/b")
        try await twins.put("g/e", "")
        try await twins.delete(.key("g/c"))
        try await twins.put("g/c", "again")
        try await twins.perform(
            TransactionRequest(success: [
                .put(PutRequest("g/f", [0x7A])), .put(PutRequest("g/a", Array("second".utf8))),
            ])
        )
        try await twins.put("g/b", "third of g/b")
        try await twins.put("naïve/ключ", "\"quoted\"\tand ünïcode")
        try await twins.delete(.key("g/d"))
        try await twins.compact(to: 4)
    }

    private static let selections: [[String]] = [
        ["g/a"], ["g/missing"], ["naïve/ключ"],
        ["g/", "--prefix"], ["", "--prefix"], ["zzz", "--prefix"],
        ["g/b", "--from-key"], ["", "--from-key"],
        ["g/b", "g/d"], ["g/d", "g/b"], ["g/a", "g/b"],
        ["g/", "--prefix", "--rev=4"], ["g/", "--prefix", "--rev=8"], ["g/c", "--rev=9"], ["g/c", "--rev=10"],
        ["g/", "--prefix", "--rev=14"],
        ["g/", "--prefix", "--limit=2"], ["g/", "--prefix", "--limit=100"], ["g/", "--prefix", "--limit=6"],
        ["g/", "--prefix", "--rev=8", "--limit=3"],
        ["g/", "--prefix", "--keys-only"], ["g/a", "--keys-only"],
        ["g/", "--prefix", "--print-value-only"],
        ["g/", "--prefix", "--consistency=s"],
        ["g/", "--prefix", "--order=DESCEND"], ["g/", "--prefix", "--order=ASCEND", "--limit=3"],
        ["g/", "--prefix", "--sort-by=CREATE"], ["g/", "--prefix", "--sort-by=MODIFY", "--order=DESCEND"],
        ["g/", "--prefix", "--sort-by=VERSION", "--order=ASCEND"], ["g/", "--prefix", "--sort-by=VALUE"],
        ["g/", "--prefix", "--sort-by=KEY", "--order=DESCEND", "--limit=2"],
        ["g/", "--prefix", "--sort-by=VALUE", "--order=DESCEND", "--limit=2", "--keys-only"],
    ]

    @Test(.timeLimit(.minutes(5))) func everySelectionIsPrintedAsOfEtcd() async throws {
        try await Twins.run { twins in
            try await self.write(to: twins)
            #expect(twins.store.revision == 14)
            for selection in Self.selections {
                for format in [[], ["-w", "json"], ["-w", "fields"]] {
                    // Values alone are printed in the simple format only.
                    if selection.contains("--print-value-only"), !format.isEmpty { continue }
                    let arguments = ["get"] + selection + format
                    let said = try await twins.run(arguments)
                    #expect(said.ours == said.theirs, "etcdctl \(arguments)")
                    #expect(said.ours.exitCode == 0, "etcdctl \(arguments)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func refusalsArePrintedAsOfEtcd() async throws {
        try await Twins.run { twins in
            try await self.write(to: twins)
            // Compacted, compacted, in the future.
            for revision in [1, 3, 15] {
                let arguments = ["get", "g/", "--prefix", "--rev=\(revision)"]
                let said = try await twins.run(arguments)
                #expect(said.ours == said.theirs, "etcdctl \(arguments)")
                #expect(said.ours.exitCode != 0)
                #expect(said.ours.errors.contains { $0.contains("required revision") })
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func anEmptyStoreIsPrintedAsOfEtcd() async throws {
        try await Twins.run { twins in
            for arguments in [["get", "", "--prefix", "-w", "json"], ["get", "a"], ["get", "a", "--rev=1"]] {
                let said = try await twins.run(arguments)
                #expect(said.ours == said.theirs, "etcdctl \(arguments)")
            }
            let said = try await twins.run(["get", "a", "--rev=2"])
            #expect(said.ours == said.theirs)
            #expect(said.ours.exitCode != 0)
        }
    }
}
