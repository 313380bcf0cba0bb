import Foundation
import MeshCore
import TestSupport

/// The pairs that `etcdctl get … -w json` wrote.
struct EtcdctlPairs {
    let pairs: [KeyValue]

    private struct Answer: Decodable {
        var kvs: [Pair]?
    }

    private struct Pair: Decodable {
        var key: Data
        var createRevision: Int64
        var modRevision: Int64
        var version: Int64
        var value: Data?
        var lease: Int64?
    }

    /// Runs `etcdctl get` with `arguments`.
    init(_ etcdctl: Etcdctl, _ arguments: String...) async throws {
        let result = try await etcdctl.run(["get"] + arguments + ["-w", "json"])
        guard result.exitCode == 0 else {
            throw EtcdError(.unknown, "etcdctl get ended with \(result.exitCode): \(result.errorOutput)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let answer = try decoder.decode(Answer.self, from: Data(result.output.utf8))
        pairs = (answer.kvs ?? []).map { pair in
            KeyValue(
                key: Key(pair.key),
                createRevision: Revision(pair.createRevision),
                modRevision: Revision(pair.modRevision),
                version: pair.version,
                value: pair.value ?? Data(),
                lease: LeaseID(pair.lease ?? 0)
            )
        }
    }
}
