import Testing

@testable import mesh_bench

@Suite struct RateSearchTests {
    /// Searches on a server that keeps every rate up to `capacity`; answers what was found and how it was looked for.
    private func search(from first: Double, capacity: Double) -> (sustained: Double?, steps: [RateSearch.Step]) {
        var search = RateSearch(from: first)
        var steps: [RateSearch.Step] = []
        while let step = search.next, steps.count < 200 {
            steps.append(step)
            search.ended(kept: step.rate <= capacity)
        }
        return (search.sustained, steps)
    }

    @Test(arguments: [1, 1.05, 7, 99, 100, 101, 399, 400, 401, 440, 857, 1_000, 12_345, 1_000_000])
    func findsTheHighestRateToTenPercent(capacity: Double) throws {
        for first in [1, 50, 400, 3_000] as [Double] {
            let (sustained, steps) = search(from: first, capacity: capacity)
            let found = try #require(sustained, "from \(first)")
            #expect(found <= capacity, "from \(first)")
            #expect(found * RateSearch.factor > capacity * 0.999_999, "from \(first)")
            #expect(steps.count(where: { !$0.isBrief }) <= 8, "from \(first): \(steps)")
        }
    }

    @Test func whatIsFoundWasKeptAtFullLengthAndTheNextStepWasNot() throws {
        let (sustained, steps) = search(from: 200, capacity: 1_000)
        let found = try #require(sustained)
        #expect(steps.prefix(4).map(\.rate) == [200, 400, 800, 1_600])
        #expect(steps.prefix(4).allSatisfy { $0.isBrief })
        #expect(steps.dropFirst(4).allSatisfy { !$0.isBrief })
        #expect(steps.contains(RateSearch.Step(rate: found, isBrief: false)))
        let next = steps.filter { !$0.isBrief && $0.rate > found }.map(\.rate).min()
        #expect(abs(try #require(next) / found - RateSearch.factor) < 1e-9)
    }

    @Test func aRateThatIsMissedOnceIsTriedAgain() throws {
        var search = RateSearch(from: 100)
        search.ended(kept: true)
        search.ended(kept: false)
        let step = try #require(search.next)
        #expect(!step.isBrief)
        search.ended(kept: false)
        #expect(search.next == step)
        search.ended(kept: true)
        #expect(try #require(search.next).rate > step.rate)
    }

    @Test func briefStepsThatMisledInBothDirectionsAreCorrected() {
        // Brief steps say 100…200; the truth is 1,000, and 30.
        for capacity in [1_000, 30] as [Double] {
            var search = RateSearch(from: 100)
            while let step = search.next {
                search.ended(kept: step.isBrief ? step.rate <= 150 : step.rate <= capacity)
            }
            let found = search.sustained ?? 0
            #expect(found <= capacity && found * RateSearch.factor > capacity)
        }
    }

    @Test func aServerThatKeepsNothingHasNoRate() {
        let (sustained, steps) = search(from: 400, capacity: 0.5)
        #expect(sustained == nil)
        #expect(steps.count < 20)
    }

    @Test func aRateThatOnlyBriefStepsKeepIsNone() {
        var search = RateSearch(from: 4)
        var steps = 0
        while let step = search.next, steps < 200 {
            steps += 1
            search.ended(kept: step.isBrief && step.rate <= 4)
        }
        #expect(search.sustained == nil)
        #expect(steps < 60)
    }
}
