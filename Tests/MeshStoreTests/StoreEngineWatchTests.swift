import MeshCore
import Testing

@testable import MeshStore

@Suite struct StoreEngineWatchTests {
    private func step(
        _ engine: StoreEngine,
        _ cursor: inout WatchCursor,
        events: Int = 1_000,
        bytes: Int = 1_000_000
    ) -> WatchStep {
        engine.step(&cursor, maximumEvents: events, maximumBytes: bytes)
    }

    private func events(_ step: WatchStep) -> [String] {
        guard case .events(let batch) = step else { return ["\(step)"] }
        return batch.events.map { event in
            let value = String(decoding: event.pair.value, as: UTF8.self)
            let previous = event.previous.map { " was \(String(decoding: $0.value, as: UTF8.self))" } ?? ""
            return "\(event.revision) \(event.kind == .put ? "put" : "delete") \(event.pair.key) \(value)\(previous)"
        }
    }

    /// 2: a=1, 3: b=1, 4: a=2, 5: delete a, 6: a=3.
    private func engine() throws -> StoreEngine {
        var engine = StoreEngine()
        _ = try engine.put(PutRequest("a", Array("1".utf8)))
        _ = try engine.put(PutRequest("b", Array("1".utf8)))
        _ = try engine.put(PutRequest("a", Array("2".utf8)))
        _ = try engine.delete(DeleteRequest(.key("a")))
        _ = try engine.put(PutRequest("a", Array("3".utf8)))
        return engine
    }

    private var withPrevious: WatchOptions {
        var options = WatchOptions()
        options.previousPairs = true
        return options
    }

    @Test func replaysOneKeyWithItsPreviousPairs() throws {
        let engine = try engine()
        var cursor = WatchCursor(.key("a"), from: 2, options: withPrevious)
        #expect(
            events(step(engine, &cursor)) == ["2 put a 1", "4 put a 2 was 1", "5 delete a  was 2", "6 put a 3"])
        #expect(cursor.next == 7)
        #expect(step(engine, &cursor) == .idle(upTo: 6))
    }

    @Test func aDeletionsPairHasItsKeyAndRevisionOnly() throws {
        let engine = try engine()
        var cursor = WatchCursor(.key("a"), from: 5)
        guard case .events(let batch) = step(engine, &cursor), let deletion = batch.events.first else {
            Issue.record("no deletion")
            return
        }
        #expect(deletion.pair == .tombstone(key: "a", modRevision: 5))
        #expect(deletion.previous == nil)
        #expect(batch.events.map(\.isCreate) == [false, true])
    }

    @Test func filtersKindsAndKeys() throws {
        let engine = try engine()
        var options = WatchOptions()
        options.includesPuts = false
        var cursor = WatchCursor(.all, from: 2, options: options)
        #expect(events(step(engine, &cursor)) == ["5 delete a "])
        options = WatchOptions()
        options.includesDeletes = false
        cursor = WatchCursor(.prefix("a"), from: 4, options: options)
        #expect(events(step(engine, &cursor)) == ["4 put a 2", "6 put a 3"])
    }

    @Test func reportsProgressPastWhatItFiltersOut() throws {
        let engine = try engine()
        var cursor = WatchCursor(.key("z"), from: 2)
        #expect(step(engine, &cursor) == .idle(upTo: 6))
        #expect(cursor.next == 7)
        cursor = WatchCursor(.key("b"), from: 2)
        guard case .events(let batch) = step(engine, &cursor) else {
            Issue.record("no events")
            return
        }
        #expect(batch.revision == 6, "everything up to here has been looked at")
    }

    @Test func beginsWithTheNextRevisionWhenNoneIsGiven() throws {
        var engine = try engine()
        var cursor = WatchCursor(.all)
        #expect(step(engine, &cursor) == .idle(upTo: 6))
        _ = try engine.put(PutRequest("c", []))
        #expect(events(step(engine, &cursor)) == ["7 put c "])
    }

    @Test func waitsSilentlyForARevisionInTheFuture() throws {
        var engine = try engine()
        var cursor = WatchCursor(.all, from: 8)
        #expect(step(engine, &cursor) == .idle(upTo: 6))
        #expect(cursor.next == 8)
        _ = try engine.put(PutRequest("c", []))
        #expect(step(engine, &cursor) == .idle(upTo: 7))
        _ = try engine.put(PutRequest("d", []))
        #expect(events(step(engine, &cursor)) == ["8 put d "])
    }

    @Test func isServedFromTheCompactedRevisionButNotBelow() throws {
        var engine = try engine()
        try engine.compact(to: 5)
        var cursor = WatchCursor(.all, from: 5, options: withPrevious)
        // What was before the compacted revision is not told, though a deletion at it is.
        #expect(events(step(engine, &cursor)) == ["5 delete a ", "6 put a 3"])
        cursor = WatchCursor(.all, from: 4)
        #expect(step(engine, &cursor) == .compacted(5))
        #expect(cursor.next == 4)
        cursor = WatchCursor(.all, from: -1)
        #expect(step(engine, &cursor) == .compacted(5))
    }

    @Test func tellsPreviousPairsOfTheRevisionAfterTheCompactedOne() throws {
        var engine = try engine()
        try engine.compact(to: 3)
        var cursor = WatchCursor(.all, from: 3, options: withPrevious)
        #expect(events(step(engine, &cursor)).prefix(2) == ["3 put b 1", "4 put a 2 was 1"])
    }

    @Test func goesBackToAWholeRevisionWhenTheNextDoesNotFit() throws {
        var engine = StoreEngine()
        _ = try engine.put(PutRequest("a", []))
        _ = try engine.perform(TransactionRequest(success: (0..<3).map { .put(PutRequest("b\($0)", [])) }))
        _ = try engine.put(PutRequest("c", []))
        var cursor = WatchCursor(.all, from: 2)
        #expect(events(step(engine, &cursor, events: 3)) == ["2 put a "])
        #expect(cursor.next == 3)
        #expect(events(step(engine, &cursor, events: 3)) == ["3 put b0 ", "3 put b1 ", "3 put b2 "])
        #expect(cursor.next == 4)
        #expect(events(step(engine, &cursor, events: 3)) == ["4 put c "])

        cursor = WatchCursor(.all, from: 2)
        #expect(events(step(engine, &cursor, events: 4)).count == 4)
        cursor = WatchCursor(.all, from: 2)
        #expect(events(step(engine, &cursor, bytes: 1)) == ["2 put a "], "at least one revision, whatever its size")
        cursor = WatchCursor(.all, from: 2)
        #expect(events(step(engine, &cursor, events: 0, bytes: -5)) == ["2 put a "])
    }

    @Test func countsPreviousPairsAmongTheBytes() throws {
        var engine = StoreEngine()
        for _ in 0..<4 { _ = try engine.put(PutRequest("key", [UInt8](repeating: 1, count: 100))) }
        var cursor = WatchCursor(.all, from: 3)
        #expect(events(step(engine, &cursor, bytes: 250)).count == 2)
        cursor = WatchCursor(.all, from: 3, options: withPrevious)
        #expect(events(step(engine, &cursor, bytes: 250)).count == 1)
    }
}
