import MeshCore
import MeshStore
import MeshWire
import TestSupport
import Testing

/// What watches can be asked besides a range: parts of large messages, a start in the future or before the beginning.
@Suite struct WireWatchOptionTests {
    /// The messages of one revision, from the first to the one that says that no part follows.
    private func parts(_ watch: WatchClient) async throws -> [WatchServerMessage] {
        var parts: [WatchServerMessage] = []
        repeat { parts.append(try await watch.next()) } while parts.last?.fragment == true
        return parts
    }

    @Test(.timeLimit(.minutes(2))) func aLargeRevisionComesInPartsToWhoAsksForThat() async throws {
        try await Twins.run { twins in
            // Written twice in transactions that etcd just takes, so that with previous pairs there are 2.7 MB to send.
            for fill: UInt8 in [1, 2] {
                let puts = (0..<3).map { PutRequest(Key("w/\($0)"), [UInt8](repeating: fill, count: 450_000)) }
                try await twins.perform(TransactionRequest(success: puts.map { .put($0) }))
            }
            try await withEtcdWriter(try twins.reader()) { reader in
                var request = WatchCreateRequest(.prefix("w/"), from: 3)
                request.options.previousPairs = true
                for isFragmented in [true, false] {
                    request.fragment = isFragmented
                    let ours = try WatchClient(reader)
                    let theirs = try WatchClient(twins.writer)
                    _ = try await ours.create(request)
                    _ = try await theirs.create(request)
                    let (ourParts, theirParts) = (try await parts(ours), try await parts(theirs))
                    #expect(ourParts.flatMap(\.events) == theirParts.flatMap(\.events))
                    #expect((ourParts.count > 1) == isFragmented)
                    #expect((theirParts.count > 1) == isFragmented)
                    // The revision is complete with the last part only.
                    #expect(ourParts.last?.header?.revision == 3)
                    #expect(ourParts.dropLast().allSatisfy { $0.header?.revision == 2 })
                    ours.close()
                    theirs.close()
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func aWatchFromTheFutureIsSilentUntilThen() async throws {
        try await Twins.run { twins in
            try await twins.put("w/a", "1")
            try await withEtcdWriter(try twins.reader()) { reader in
                let ours = try WatchClient(reader)
                let theirs = try WatchClient(twins.writer)
                let request = WatchCreateRequest(.prefix("w/"), from: 5)
                let created = try await ours.create(request)
                let theirCreated = try await theirs.create(request)
                #expect(created.header?.revision == theirCreated.header?.revision)
                for number in 0..<5 { try await twins.put("w/a", "later \(number)") }
                let events = try await ours.events(through: 7)
                #expect(events == (try await theirs.events(through: 7)))
                #expect(events.map(\.revision) == [5, 6, 7])
                ours.close()
                theirs.close()
            }
        }
    }

    /// etcd 3.4 takes a negative start revision; from 3.5.2 on it is refused, as by us.
    @Test(.timeLimit(.minutes(2))) func aWatchFromBeforeTheBeginningIsRefusedAsByLaterVersions() async throws {
        try await Twins.run { twins in
            try await twins.put("w/a", "1")
            try await withEtcdWriter(try twins.reader()) { reader in
                let ours = try WatchClient(reader)
                let theirs = try WatchClient(twins.writer)
                let request = WatchCreateRequest(.prefix("w/"), from: -1)
                let refused = try await ours.create(request)
                #expect(refused.created && refused.canceled)
                #expect(refused.watchID == -1)
                #expect(refused.cancelReason == "etcdserver: mvcc: required revision has been compacted")
                let theirAnswer = try await theirs.create(request)
                if theirAnswer.canceled {
                    #expect(theirAnswer.watchID == refused.watchID)
                    #expect(theirAnswer.created == refused.created)
                    #expect(theirAnswer.cancelReason == refused.cancelReason)
                }
                ours.close()
                theirs.close()
            }
        }
    }
}
