import Foundation
import MeshCore
import MeshWire
import TestSupport
import Testing

/// The same random requests to Debian's etcd and to our local server, by the same client: every field that the protocol
/// defines is the same in every answer, and every error is the same by code and text.
///
/// Left out, because etcd 3.4 is known to be wrong there (it was mended later): watches from a revision that was
/// compacted and deleted something (etcd's issue 19179), from a negative revision, answers to requests for progress
/// (15220), watches so slow that compaction meets them (17529), and unknown orders of sorting. Transactions that delete
/// a key and then keep its value end etcd 3.4 altogether.
@Suite struct DifferentialTests {
    private static let steps = ProcessInfo.processInfo.environment["MESH_TEST_LONG"] == nil ? 400 : 2_000

    @Test(.timeLimit(.minutes(15))) func aRandomHistoryIsAnsweredAsEtcdAnswersIt() async throws {
        try await withRandomNumbers { numbers in
            let seed = numbers.next()
            try await DifferentialTwins.run { twins in
                var history = DifferentialHistory(twins, seed: seed)
                try await history.play(Self.steps)
                #expect(history.revision.rawValue > Int64(Self.steps / 10), "too few writes to have tested anything")
                #expect(history.errors.count > 5, "too few kinds of errors: \(history.errors)")
            }
        }
    }

    @Test(.timeLimit(.minutes(15))) func watchesBesideARandomHistoryAreSentWhatEtcdSends() async throws {
        try await withRandomNumbers { numbers in
            let seed = numbers.next()
            try await DifferentialTwins.run { twins in
                var history = DifferentialHistory(twins, seed: seed)
                history.sparesDeletions = true
                for _ in 0..<4 {
                    try await history.play(Self.steps / 16)
                    var watches = try await WatchTwins(twins, (0..<6).map { _ in history.watch() })
                    try await history.play(Self.steps / 8) { try await watches.catchUp(to: $0) }
                    try await watches.catchUp(to: history.revision)
                    let difference = watches.difference(history.toOurs)
                    #expect(difference == nil)
                    watches.close()
                }
            }
        }
    }

    /// The one thing that cannot be asked for: time passes.
    @Test(.timeLimit(.minutes(2))) func aLeaseThatEndsTakesItsKeysInOneRevision() async throws {
        try await DifferentialTwins.run { twins in
            var history = DifferentialHistory(twins, seed: 0)
            var watches = try await WatchTwins(twins, [WatchCreateRequest(.all, progressNotify: true)])
            try await history.perform(.grant(LeaseGrantRequest(ttl: 0, id: LeaseID(7))))
            try await history.perform(.grant(LeaseGrantRequest(ttl: 1_000, id: LeaseID(8))))
            for (key, lease) in [("b", 7), ("a", 7), ("c", 8), ("d", 7), ("d", 8)] as [(Key, Int64)] {
                var request = PutRequest(key, [])
                request.lease = LeaseID(lease)
                try await history.perform(.write(.put(request)))
            }
            let end = history.revision.next
            try await watches.catchUp(to: end)
            #expect(watches.difference(history.toOurs) == nil)
            try await history.perform(.range(RangeRequest(.all)))
            try await history.perform(.timeToLive(LeaseTimeToLiveRequest(LeaseID(7), keys: true)))
            try await history.perform(.timeToLive(LeaseTimeToLiveRequest(LeaseID(8), keys: true)))
            try await history.perform(.leases)
            #expect(history.revision == end)
            watches.close()
        }
    }
}
