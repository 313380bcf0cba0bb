import MeshCore
import Testing

@testable import MeshStore

@Suite struct RevisionTimesTests {
    private let age = Duration.seconds(100)

    @Test func knowsWhatWasPresentAnAgeAgo() {
        var times = RevisionTimes()
        #expect(times.note(5, at: .zero, age: age) == nil)
        #expect(times.note(8, at: .seconds(50), age: age) == nil)
        #expect(times.note(9, at: .seconds(99), age: age) == nil)
        #expect(times.note(9, at: .seconds(100), age: age) == 5)
        #expect(times.note(9, at: .seconds(149), age: age) == 5)
        #expect(times.note(9, at: .seconds(150), age: age) == 8)
        #expect(times.note(9, at: .seconds(1_000), age: age) == 9)
    }

    @Test func neverTakesAYoungRevisionForAnOldOne() {
        // The store moves on with every look, and at each of them it is known when each revision was made.
        var times = RevisionTimes()
        for second in 0..<1_000 {
            let old = times.note(Revision(Int64(second) * 10), at: .seconds(second), age: age)
            guard second >= 100 else {
                #expect(old == nil)
                continue
            }
            // Exact to a hundredth of the age.
            #expect(old == Revision(Int64(second - 100) * 10))
        }
    }

    @Test func remembersNoMoreThanItsParts() {
        var times = RevisionTimes()
        for step in 0..<20_000 {
            let old = times.note(Revision(Int64(step)), at: .milliseconds(step * 10), age: age)
            #expect(times.count <= 102)
            if step >= 10_200 { #expect(old.map { ($0.rawValue - Int64(step)) <= -10_000 } == true) }
        }
    }

    @Test func remembersNothingAnewWhileNothingIsWritten() {
        var times = RevisionTimes()
        for second in 0..<10_000 { _ = times.note(3, at: .seconds(second), age: age) }
        #expect(times.count == 1)
        // What comes after a long rest is not as old as the rest.
        #expect(times.note(4, at: .seconds(10_000), age: age) == 3)
        #expect(times.note(4, at: .seconds(10_099), age: age) == 3)
        #expect(times.note(4, at: .seconds(10_100), age: age) == 4)
    }
}
