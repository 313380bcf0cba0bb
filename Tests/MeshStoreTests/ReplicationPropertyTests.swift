import MeshCore
import TestSupport
import Testing

@testable import MeshStore

/// A store that is told what another one does answers as that one does, from the list on.
@Suite struct ReplicationPropertyTests {
    @Test func answersAsTheStoreThatItFollows() async throws {
        try await withRandomNumbers { numbers in
            var random = RandomRequests(numbers)
            let followed = KVStore()
            for id in -3...8 where id != 0 {
                _ = try followed.perform(LeaseGrantRequest(ttl: 60, id: LeaseID(Int64(id))))
            }
            let replica = ReplicatedStore()
            let identity = followed.identity
            var cursor = WatchCursor(.all)
            var listed = Revision.none

            for round in 0..<3_000 {
                switch random.number(0...9) {
                case 0...3: _ = try? followed.perform(random.put())
                case 4: _ = try? followed.perform(random.delete())
                case 7 where random.chance(5):
                    let lease = random.lease()
                    if (try? followed.revokeLease(lease)) != nil {
                        _ = try followed.perform(LeaseGrantRequest(ttl: 60, id: lease))
                    }
                case 5...6: _ = try? followed.perform(random.transaction(1, followed.revision.rawValue))
                case 7 where random.chance(5):
                    // Listed anew, as after a gap.
                    listed = .none
                default: compare(followed.reader, replica.reader, &random, listed)
                }
                if listed == .none {
                    let snapshot = followed.snapshot()
                    listed = snapshot.revision
                    cursor = WatchCursor(.all, from: listed.next)
                    replica.reset(to: snapshot.pairs(), at: listed, identity: identity, raftTerm: 1)
                } else {
                    // Sometimes several revisions at once.
                    if random.chance(30) { continue }
                    switch followed.reader.step(&cursor, maximumEvents: 100, maximumBytes: 100_000) {
                    case .events(let batch): try replica.append(batch.events, through: batch.revision)
                    case .idle(let revision): replica.advance(to: revision)
                    case .skipped, .compacted: Issue.record("the followed store lost history")
                    }
                }
                if round % 64 == 0 { await Task.yield() }
            }
        }
    }

    private func compare(
        _ followed: StoreReader,
        _ replica: StoreReader,
        _ random: inout RandomRequests,
        _ listed: Revision
    ) {
        guard listed != .none, replica.revision == followed.revision else { return }
        var request = random.read(listed.rawValue, followed.revision.rawValue)
        if request.revision > .none, request.revision < listed {
            #expect(throws: EtcdError.compacted) { try replica.range(request) }
            request.revision = listed
        }
        let expected = Result { () throws(EtcdError) in try followed.answer(request).answer }
        let actual = Result { () throws(EtcdError) in try replica.answer(request).answer }
        #expect(actual == expected, "to \(request) on a list of \(listed)")

        var ours = random.cursor(listed.rawValue, followed.revision.rawValue)
        var theirs = ours
        let step = replica.step(&ours, maximumEvents: 50, maximumBytes: 5_000)
        guard ours.next == .none || theirs.next == .none || theirs.next > listed else {
            #expect(step == .compacted(listed.next))
            return
        }
        #expect(step == followed.step(&theirs, maximumEvents: 50, maximumBytes: 5_000))
    }
}
