import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct HistoryTests {
    /// A history of one key written at revisions 2, 4, 6, …, with another key between.
    private func history(writes: Int) -> (history: History, entry: IndexEntry) {
        var history = History()
        var entry: IndexEntry?
        for number in 1...writes {
            let revision = Revision(Int64(2 * number))
            let pair = KeyValue(
                key: "key", createRevision: 2, modRevision: revision, version: Int64(number),
                value: [UInt8(number & 0xFF)])
            let change = Change(pair: pair, previous: entry?.pair, revision: revision, kind: .put)
            entry = IndexEntry(pair: pair, position: history.append(change, after: entry?.position), isLive: true)
            let other = KeyValue(key: "other", createRevision: 3, modRevision: revision.next, version: 1, value: [])
            _ = history.append(Change(pair: other, previous: nil, revision: revision.next, kind: .put), after: nil)
        }
        return (history, entry ?? IndexEntry(pair: .tombstone(key: "key", modRevision: 2), position: 0, isLive: false))
    }

    @Test func findsTheVersionOfEveryRevision() {
        let (history, entry) = history(writes: 1_000)
        #expect(history.pair(of: entry, at: 1) == nil)
        for number in 1...1_000 {
            let version = Int64(number)
            #expect(history.pair(of: entry, at: Revision(2 * version))?.version == version)
            #expect(history.pair(of: entry, at: Revision(2 * version + 1))?.version == version)
        }
    }

    @Test func findsAnOldVersionInAFewSteps() {
        let (history, entry) = history(writes: 20_000)
        for revision in stride(from: 2, through: 40_000, by: 997) {
            // Twice the logarithm of 20,000 is 29; a walk from version to version would take thousands.
            #expect(history.stepsToPair(of: entry, at: Revision(Int64(revision))) <= 32)
        }
    }

    @Test func keepsOldVersionsReadableBehindATrim() {
        var (history, entry) = history(writes: 1_000)
        let position = history.position(of: 500)
        #expect(history[position].revision == 500)
        history.trim(before: position) { _, change in #expect(change.revision < 500) }
        #expect(history.startPosition == position)
        for number in 250...1_000 {
            let version = Int64(number)
            #expect(history.pair(of: entry, at: Revision(2 * version))?.version == version)
        }
        // What was visible just after the trim is known from the first change that is left.
        #expect(history.pair(of: entry, at: 501)?.version == 250)
    }

    @Test func countsTheBytesItKeeps() {
        var (history, _) = history(writes: 100)
        var expected = 0
        history.visit(from: history.position(of: 100)) { _, change in
            expected += change.pair.encoded.count
            return true
        }
        let written = history.writtenBytes
        history.trim(before: history.position(of: 100)) { _, _ in }
        #expect(history.bytes == expected)
        #expect(history.writtenBytes == written)
    }

    @Test func aChangeOfTheSameTransactionHasWhatWasBeforeTheTransaction() {
        var history = History()
        func pair(_ revision: Revision, _ value: [UInt8]) -> KeyValue {
            KeyValue(key: "key", createRevision: 2, modRevision: revision, version: 1, value: value)
        }
        let first = pair(2, [1])
        let written = pair(3, [2, 2])
        let deleted = KeyValue.tombstone(key: "key", modRevision: 3)
        var position = history.append(Change(pair: first, previous: nil, revision: 2, kind: .put), after: nil)
        position = history.append(Change(pair: written, previous: first, revision: 3, kind: .put), after: position)
        position = history.append(Change(pair: deleted, previous: written, revision: 3, kind: .delete), after: position)
        #expect(history[position].previous == first)
        #expect(history.lastRevision == 3)
        // What the transaction wrote and took back is no pair that was ever live at a revision.
        #expect(history.pastBytes == 2 * first.encoded.count + deleted.encoded.count)
        history.trim(before: 1) { _, _ in }
        #expect(history.pastBytes == 2 * first.encoded.count + deleted.encoded.count)
        history.trim(before: 3) { _, _ in }
        #expect(history.pastBytes == 0)
        #expect(history.bytes == 0)
        history.trim(before: 0) { _, _ in }
        #expect(history.lastRevision == 3)
    }

    @Test func findsThePositionOfARevisionOrOfTheNextOneThere() {
        var history = History()
        // Revisions 10, 20, 20, 20, 30, … of one to three changes.
        var positions: [Int64: Int] = [:]
        for step in 1...200 {
            for change in 0..<(step % 3 + 1) {
                let pair = KeyValue(key: "k", modRevision: Revision(Int64(step * 10)), value: [])
                let position = history.append(
                    Change(pair: pair, previous: nil, revision: pair.modRevision, kind: .put), after: nil)
                if change == 0 { positions[Int64(step * 10)] = position }
            }
        }
        for (revision, position) in positions {
            #expect(history.position(of: Revision(revision)) == position)
            #expect(history.position(of: Revision(revision - 9)) == position)
        }
        #expect(history.position(of: 2_001) == history.endPosition)
        #expect(history.position(of: .none) == 0)
        #expect(History().position(of: 5) == 0)
    }
}
