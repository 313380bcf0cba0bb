import MeshCore
import MeshStore
import TestSupport
import Testing

/// `etcdctl make-mirror`, which lists in pages and then watches, from our server into a real etcd.
@Suite struct EtcdctlMirrorTests {
    @Test(.timeLimit(.minutes(3))) func aRealEtcdIsFilledAndKeptUpToDateFromOurServer() async throws {
        let destination = try await EtcdProcess.start(cluster: "hurup")
        try await Twins.run { twins in
            // More than two of its pages of a thousand.
            for index in 0..<2_500 { try twins.store.put(Key("m/\(index)"), "first \(index)") }
            let mirror = try twins.etcdctl.makeMirror(of: "m/", into: destination)
            defer { mirror.kill() }

            try await withEtcdWriter(destination) { writer in
                func copied() async throws -> [Key: [UInt8]] {
                    let pairs = try await writer.range(RangeRequest(.all)).answer.pairs
                    return Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, Array($0.value)) })
                }
                func original() -> [Key: [UInt8]] {
                    let pairs = twins.store.snapshot().pairs(in: .prefix("m/"))
                    return Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, Array($0.value)) })
                }
                try await eventually(within: .seconds(60), "the list is copied") { try await copied() == original() }

                try twins.store.put("elsewhere", "not mirrored")
                // 111 keys: it repeats a revision as one transaction, of which etcd takes no more than 128 operations.
                try twins.store.delete(.prefix("m/10"))
                try twins.store.transaction { transaction in
                    transaction.put("m/new", "made in a transaction")
                    transaction.put("m/0", "second")
                }
                try await eventually(within: .seconds(60), "the changes are copied") {
                    try await copied() == original()
                }
            }
        }
    }
}
