import TestSupport
import Testing

@testable import MeshStore

@Suite struct PersistentLogTests {
    private func grown(to count: Int) -> PersistentLog<Int> {
        var log = PersistentLog<Int>()
        for number in 0..<count { log.append(number) }
        return log
    }

    @Test(arguments: [0, 1, 31, 32, 33, 1_023, 1_024, 1_025, 40_000])
    func givesBackWhatWasAppended(count: Int) {
        let log = grown(to: count)
        #expect(log.count == count)
        var visited: [Int] = []
        log.visit(from: 0) { position, element in
            #expect(position == element)
            visited.append(element)
            return true
        }
        #expect(visited == Array(0..<count))
        for position in stride(from: 0, to: count, by: max(1, count / 100)) { #expect(log[position] == position) }
    }

    @Test func keepsPositionsWhileItGrowsAndIsTrimmed() async throws {
        try await withRandomNumbers { numbers in
            var log = PersistentLog<Int>()
            var start = 0
            var end = 0
            for _ in 0..<400 {
                for _ in 0..<Int.random(in: 0...300, using: &numbers) {
                    #expect(log.append(end) == end)
                    end += 1
                }
                if Int.random(in: 0..<3, using: &numbers) == 0 {
                    start = Int.random(in: start...end, using: &numbers)
                    log.trim(before: start)
                }
                #expect(log.startIndex == start)
                #expect(log.endIndex == end)
                if start < end {
                    #expect(log[start] == start)
                    #expect(log[end - 1] == end - 1)
                    let from = Int.random(in: start..<end, using: &numbers)
                    #expect(log[from] == from)
                    var next = from
                    log.visit(from: from) { position, element in
                        #expect(position == next && element == next)
                        next += 1
                        return next < from + 100
                    }
                    #expect(next == min(end, from + 100))
                }
            }
            log.trim(before: end)
            #expect(log.count == 0)
            #expect(log.append(end) == end)
            #expect(log[end] == end)
        }
    }

    @Test func visitsRunsThatMakeUpTheWholeAndStopsWhenTold() {
        var log = grown(to: 2_000)
        log.trim(before: 40)
        for from in [0, 40, 41, 63, 64, 1_999, 2_000] {
            var visited: [Int] = []
            log.visitRuns(from: from) { start, elements in
                #expect(start == elements[0])
                for index in elements.indices { visited.append(elements[index]) }
                return true
            }
            #expect(visited == Array(max(from, 40)..<2_000))
        }
        var runs = 0
        log.visitRuns(from: 0) { _, _ in
            runs += 1
            return runs < 3
        }
        #expect(runs == 3)
    }

    @Test func copiesDoNotSeeEachOthersChanges() {
        var log = grown(to: 2_000)
        let copy = log
        log.trim(before: 1_500)
        for number in 2_000..<2_100 { log.append(number) }
        #expect(copy.count == 2_000)
        #expect(copy[0] == 0)
        #expect(copy[1_999] == 1_999)
        #expect(log.count == 600)
        #expect(log[1_500] == 1_500)
    }

    @Test func releasesWhatIsTrimmedUpToALeaf() {
        final class Witness: Sendable {}
        var log = PersistentLog<Witness>()
        weak var first: Witness?
        weak var last: Witness?
        do {
            let witnesses = (0..<100).map { _ in Witness() }
            for witness in witnesses { log.append(witness) }
            first = witnesses.first
            last = witnesses.last
        }
        #expect(first != nil)
        log.trim(before: 32)
        #expect(first == nil)
        log.trim(before: 100)
        #expect(last == nil)
    }
}
