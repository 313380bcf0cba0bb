import MeshCore
import Testing

@testable import MeshWatcher

@Suite struct RevisionMarksTests {
    @Test func knowsSinceWhenARevisionIsLacking() {
        var marks = RevisionMarks()
        #expect(marks.lag(from: 1, at: .seconds(9)) == .zero)
        marks.note(10, at: .seconds(1))
        marks.note(20, at: .seconds(2))
        marks.note(20, at: .seconds(3))
        #expect(marks.count == 2)
        #expect(marks.lag(from: 21, at: .seconds(5)) == .zero)
        #expect(marks.lag(from: 20, at: .seconds(5)) == .seconds(3))
        #expect(marks.lag(from: 11, at: .seconds(5)) == .seconds(3))
        #expect(marks.lag(from: 10, at: .seconds(5)) == .seconds(4))
        #expect(marks.lag(from: 1, at: .seconds(5)) == .seconds(4))
    }

    @Test func forgetsAHistoryThatWasReplaced() {
        var marks = RevisionMarks()
        marks.note(1_000, at: .seconds(1))
        marks.note(5, at: .seconds(2))
        #expect(marks.count == 1)
        #expect(marks.lag(from: 5, at: .seconds(3)) == .seconds(1))
    }

    @Test func takesABoundedRoomAndStaysTrueForLongTimes() {
        var marks = RevisionMarks()
        let last: Int64 = 100_000
        for second in 1...last {
            marks.note(Revision(second), at: .seconds(second))
            #expect(marks.count <= RevisionMarks.maximum)
        }
        let now = Duration.seconds(last)
        // Never more than the truth, and exact for what is recent.
        for next in stride(from: Int64(1), to: last, by: 997) {
            #expect(marks.lag(from: Revision(next), at: now) <= .seconds(last - next))
        }
        for next in (last - 100)...last { #expect(marks.lag(from: Revision(next), at: now) == .seconds(last - next)) }
        #expect(marks.lag(from: 1, at: now) > .seconds(last / 2))
    }
}
