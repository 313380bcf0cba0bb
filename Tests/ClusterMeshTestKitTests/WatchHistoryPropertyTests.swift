import ClusterMesh
import ClusterMeshTestKit
import TestSupport
import Testing

/// Random histories of servers that keep every promise, and the same with one promise broken somewhere.
@Suite struct WatchHistoryPropertyTests {
    @Test func whatAGoodServerSendsHasNoViolation() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<60 {
                let writes = numbers.writes()
                let history = numbers.history(of: writes)
                #expect(WatchHistoryValidator(writes).violations(in: history) == [])
            }
        }
    }

    @Test(arguments: WatchGuarantee.allCases)
    func aBrokenPromiseIsFoundWhereverItIs(_ guarantee: WatchGuarantee) async throws {
        try await withRandomNumbers { numbers in
            var broken = 0
            for _ in 0..<2_000 where broken < 30 {
                let writes = numbers.writes()
                let history = numbers.history(of: writes)
                guard let bent = history.breaking(guarantee, &numbers) else { continue }
                broken += 1
                let found = WatchHistoryValidator(writes).violations(in: bent).map(\.guarantee)
                #expect(found.contains(guarantee), "only \(found) in \(bent), from \(history)")
            }
            #expect(broken == 30, "too few histories in which it could be broken")
        }
    }
}

extension SplitMix64 {
    private mutating func flag() -> Bool { next() & 1 == 1 }

    private mutating func key() -> Key { Key("k/\(Int.random(in: 0..<6, using: &self))") }

    /// Forty revisions over a few keys.
    fileprivate mutating func writes() -> WriteHistory {
        var writes = WriteHistory()
        for revision in 2..<42 as Range<Int64> {
            // Something always changes.
            let first = key()
            var changes: [WriteHistory.Change] = [.put(first, [UInt8.random(in: 0...9, using: &self)])]
            for _ in 0..<Int.random(in: 0...3, using: &self) {
                let other = key()
                if other == first { continue }
                changes.append(flag() ? .delete(.key(other)) : .put(other, [1]))
            }
            writes.record(at: Revision(revision), changes)
        }
        return writes
    }

    /// A watch with random wishes, and what a good server sends it in messages of random size.
    fileprivate mutating func history(of writes: WriteHistory) -> WatchHistory {
        let now = Int64.random(in: 1...41, using: &self)
        var history = WatchHistory("a watch", flag() ? .all : .from(key()), takesParts: flag())
        if flag() { history.start = Revision(Int64.random(in: 2...41, using: &self)) }
        history.options.previousPairs = flag()
        switch Int.random(in: 0..<4, using: &self) {
        case 0: history.options.includesPuts = false
        case 1: history.options.includesDeletes = false
        default: break
        }
        history.messages = [.created(Revision(now))]
        let first = history.start == .none ? now + 1 : history.start.rawValue
        let last = Int64.random(in: (first - 1)...41, using: &self)
        var next = first
        while next <= last {
            let end = Int64.random(in: next...min(next + 6, last), using: &self)
            let events = history.asked(of: writes.events(from: Revision(next), through: Revision(end)))
            if events.isEmpty {
                if flag() { history.messages.append(.progress(Revision(end))) }
            } else if history.takesParts, events.count > 1, flag() {
                let middle = Int.random(in: 1..<events.count, using: &self)
                let header = events[middle].revision.previous
                history.messages.append(.events(Array(events[..<middle]), header: header, isPart: true))
                history.messages.append(.events(Array(events[middle...]), header: Revision(end)))
            } else {
                history.messages.append(.events(events, header: Revision(end)))
            }
            next = end + 1
        }
        return history
    }
}

extension WatchHistory {
    /// What the watch asked for, as it asked for it.
    fileprivate func asked(of events: ArraySlice<WatchEvent>) -> [WatchEvent] {
        events.compactMap { event in
            guard range.contains(event.pair.key) else { return nil }
            guard event.kind == .put ? options.includesPuts : options.includesDeletes else { return nil }
            var event = event
            if !options.previousPairs { event.previous = nil }
            return event
        }
    }

    /// Where the messages with events are.
    private var eventMessages: [Int] {
        messages.indices.filter { index in
            if case .events = messages[index] { true } else { false }
        }
    }

    /// The same history with one promise broken at a random place; `nil` if it has no place for that.
    fileprivate func breaking(_ guarantee: WatchGuarantee, _ numbers: inout SplitMix64) -> WatchHistory? {
        guard let index = eventMessages.randomElement(using: &numbers),
            case .events(var events, var header, let isPart) = messages[index]
        else { return nil }
        var bent = self
        let place = Int.random(in: 0..<events.count, using: &numbers)
        let event = events[place]
        switch guarantee {
        case .ordered:
            guard place > 0, events[place - 1].pair.key != event.pair.key else { return nil }
            events.swapAt(place - 1, place)
        case .unique:
            events.insert(event, at: place)
        case .atomic:
            guard !isPart, place > 0, events[place - 1].revision == event.revision else { return nil }
            bent.messages.insert(.events(Array(events[..<place]), header: event.revision.previous), at: index)
            bent.messages[index + 1] = .events(Array(events[place...]), header: header)
            return bent
        case .reliable:
            events.remove(at: place)
        case .resumable:
            guard start != .none, let next = bent.events.first(where: { $0.revision > bent.events[0].revision })
            else { return nil }
            // All of the first revision is lost, as if the watch had begun behind it.
            bent.messages = messages.map { message in
                guard case .events(let events, let header, let isPart) = message else { return message }
                return .events(events.filter { $0.revision >= next.revision }, header: header, isPart: isPart)
            }
            return bent
        case .bookmarkable:
            bent.messages.insert(.progress(event.revision), at: index)
            return bent
        case .previousPair:
            events[place].previous =
                event.previous == nil ? KeyValue.tombstone(key: event.pair.key, modRevision: 1) : nil
        case .isCreate:
            guard event.kind == .put else { return nil }
            events[place].pair = KeyValue(
                key: event.pair.key,
                createRevision: event.isCreate ? event.revision.previous : event.revision,
                modRevision: event.revision,
                version: event.pair.version,
                value: event.pair.value
            )
        case .filter:
            guard let other = bent.events.first(where: { $0.pair.key != event.pair.key }) else { return nil }
            bent.range = .key(other.pair.key)
            return bent
        }
        header = max(header, events.last?.revision ?? header)
        bent.messages[index] = .events(events, header: header, isPart: isPart)
        return bent
    }
}
