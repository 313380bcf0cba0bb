import MeshCore
import MeshStore
import MeshWire
import TestSupport
import Testing

/// Watches of our server and of a real etcd over the wire, compared event by event; among them what Debian's etcdctl
/// has no flag for.
@Suite struct WireWatchTests {
    @Test(.timeLimit(.minutes(2))) func anyWatchIsSentWhatEtcdSends() async throws {
        try await Twins.run { twins in
            try await withEtcdWriter(try twins.reader()) { reader in
                try await withRandomNumbers { numbers in
                    for _ in 0..<60 { try await twins.perform(numbers.aWrite(near: twins.store.revision)) }
                    let compacted = Revision(twins.store.revision.rawValue / 3)
                    try await twins.compact(to: compacted)
                    for _ in 0..<25 {
                        guard let request = numbers.aWatch(near: twins.store.revision, compacted) else { continue }
                        let ours = try WatchClient(reader)
                        let theirs = try WatchClient(twins.writer)
                        let created = try await ours.create(request)
                        #expect(created.sameAs(try await theirs.create(request)), "\(request)")
                        if request.startRevision > .none, request.startRevision < compacted {
                            var end = try await ours.next()
                            let theirEnd = try await theirs.next()
                            // etcd's header says revision 0 here, ours up to where the watch is complete.
                            #expect(theirEnd.header?.revision == 0)
                            #expect(end.header.map { $0.revision < request.startRevision } == true)
                            end.header?.revision = 0
                            #expect(end.sameAs(theirEnd), "\(request)")
                        } else {
                            for _ in 0..<3 { try await twins.perform(numbers.aWrite(near: twins.store.revision)) }
                            let end = try await twins.writeEnd(for: request)
                            let events = try await ours.events(through: end)
                            let theirEvents = try await theirs.events(through: end)
                            let difference = firstDifference(events, theirEvents)
                            #expect(difference == nil, "\(request)")
                            try await ours.send(.cancel(watchID: created.watchID))
                            try await theirs.send(.cancel(watchID: created.watchID))
                            var canceled = try await ours.next()
                            let theirCanceled = try await theirs.next()
                            if !request.options.includesDeletes, let last = theirCanceled.header?.revision {
                                // Behind its last event ours says up to where it is known that the watch is complete,
                                // which a deletion that it did not ask for does not move; etcd's is the store's.
                                #expect(canceled.header.map { $0.revision >= end && $0.revision <= last } == true)
                                canceled.header?.revision = last
                            }
                            #expect(canceled.sameAs(theirCanceled), "cancel of \(request)")
                        }
                        ours.close()
                        theirs.close()
                    }
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func progressIsToldAsEtcdTellsIt() async throws {
        try await Twins.run(progressInterval: .milliseconds(200)) { twins in
            try await withEtcdWriter(try twins.reader()) { reader in
                try await twins.put("w/a", "1")
                let request = WatchCreateRequest(.prefix("w/"), progressNotify: true)
                let ours = try WatchClient(reader)
                let theirs = try WatchClient(twins.writer)
                _ = try await ours.create(request)
                _ = try await theirs.create(request)
                // Nothing happens in the range; the revision that is told is the store's all the same.
                let revision = try await twins.put("other", "unseen")
                for client in [ours, theirs] {
                    var message = try await client.next()
                    while message.header?.revision != revision { message = try await client.next() }
                    #expect(message.events.isEmpty)
                    #expect(message.watchID == 0)
                }
                ours.close()
                theirs.close()
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func progressIsToldOnRequestAsEtcdTellsIt() async throws {
        try await Twins.run { twins in
            try await withEtcdWriter(try twins.reader()) { reader in
                let revision = try await twins.put("w/a", "1")
                for client in [try WatchClient(reader), try WatchClient(twins.writer)] {
                    _ = try await client.create(WatchCreateRequest(.prefix("w/")))
                    try await client.send(.progress)
                    let message = try await client.next()
                    #expect(message.watchID == -1)
                    #expect(message.header?.revision == revision)
                    #expect(message.events.isEmpty)
                    client.close()
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func refusedWatchesAreAnsweredAsEtcdAnswersThem() async throws {
        try await Twins.run { twins in
            try await twins.put("w/a", "1")
            try await withEtcdWriter(try twins.reader()) { reader in
                let ours = try WatchClient(reader)
                let theirs = try WatchClient(twins.writer)
                for request in [
                    WatchCreateRequest(.interval("b", "a")), WatchCreateRequest(.prefix("w/"), watchID: 7),
                    WatchCreateRequest(.key("other"), watchID: 7),
                ] {
                    let answer = try await ours.create(request)
                    #expect(answer.sameAs(try await theirs.create(request)), "\(request): \(answer)")
                }
                ours.close()
                theirs.close()
            }
        }
    }
}

extension SplitMix64 {
    /// A watch that can be compared, with its range not empty; `nil` if the drawn one cannot.
    ///
    /// Not from the compacted revision itself: there etcd 3.4 loses a deletion.
    fileprivate mutating func aWatch(near revision: Revision, _ compacted: Revision) -> WatchCreateRequest? {
        var request = WatchCreateRequest(aRange(), from: aRevision(upTo: revision))
        request.options.previousPairs = flag()
        request.options.includesPuts = Int.random(in: 0..<4, using: &self) > 0
        request.options.includesDeletes = Int.random(in: 0..<4, using: &self) > 0
        request.watchID = Int64.random(in: 0...3, using: &self)
        let isHeard = request.options.includesPuts || request.options.includesDeletes
        return isHeard && !request.range.isEmpty && request.startRevision != compacted ? request : nil
    }
}

extension Twins {
    /// Writes what a watch must hear of, and returns the last revision of it.
    fileprivate func writeEnd(for request: WatchCreateRequest) async throws -> Revision {
        let put = try await self.put(request.range.lower, "the end")
        let delete = try await self.delete(.key(request.range.lower))
        return request.options.includesDeletes ? delete : put
    }
}

extension WatchServerMessage {
    /// Whether two servers say the same, but for who they are.
    fileprivate func sameAs(_ other: WatchServerMessage) -> Bool {
        var own = self
        var theirs = other
        guard own.header?.revision == theirs.header?.revision else { return false }
        own.header = nil
        theirs.header = nil
        return own == theirs
    }
}

/// Where two lists of events part, for people.
private func firstDifference(_ ours: [WatchEvent], _ theirs: [WatchEvent]) -> String? {
    for place in 0..<max(ours.count, theirs.count) {
        let own = ours.indices.contains(place) ? ours[place] : nil
        let their = theirs.indices.contains(place) ? theirs[place] : nil
        if own == their { continue }
        let both = [own, their].map { $0.map { "\($0)" } ?? "nothing" }
        // Test output ends at a zero byte.
        return "event \(place): \(both[0]), etcd: \(both[1])".replacing("\0", with: "\\0")
    }
    return nil
}
