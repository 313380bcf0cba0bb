import Testing

@testable import micro_bench

@Suite(.serialized) struct MeasurerTests {
    private final class Box {
        var value = 0
    }

    @Test func allocationsAreCountedPerOperation() throws {
        let benchmark = MicroBenchmark("boxes", operations: 100) {
            { for number in 0..<100 { Self.keep(Box(), number) } }
        }
        let (cost, _) = try Measurer(rounds: 3).measure(benchmark)
        #expect(cost.allocations == 1)
    }

    @Test func workWithoutAllocationsHasNone() throws {
        var sum = 0
        let benchmark = MicroBenchmark("sums", operations: 1_000) {
            { for number in 0..<1_000 { sum &+= number } }
        }
        let (cost, _) = try Measurer(rounds: 3).measure(benchmark)
        #expect(cost.allocations == 0)
        #expect(sum > 0)
    }

    @Test func makingWhatEachRunNeedsIsNotMeasured() throws {
        var prepared = 0
        let benchmark = MicroBenchmark("fresh", operations: 1, freshEachRun: true) {
            prepared += 1
            let boxes = (0..<1_000).map { _ in Box() }
            return { boxes[0].value += 1 }
        }
        let (cost, _) = try Measurer(rounds: 4).measure(benchmark)
        #expect(prepared == 5)
        #expect(cost.allocations == 0)
    }

    @Test func processorTimeGrowsWithTheWork() throws {
        func cost(_ repetitions: UInt64) throws -> Double {
            let benchmark = MicroBenchmark("work", operations: 1) { { Self.work(repetitions) } }
            return try Measurer(rounds: 5).measure(benchmark).cost.processorNanoseconds
        }
        #expect(try cost(2_000_000) > 4 * cost(100_000))
    }

    @Test func whatAWorkKeepsIsMeasuredOnceAndOnlyWhereItIsAskedFor() throws {
        var calls = 0
        let keeping = MicroBenchmark("keeping", operations: 1) {
            {}
        } keeping: {
            calls += 1
            return 42
        }
        #expect(try Measurer(rounds: 3).measure(keeping).cost.keptBytes == 42)
        #expect(calls == 1)
        let other = MicroBenchmark("other", operations: 1) { {} }
        #expect(try Measurer(rounds: 3).measure(other).cost.keptBytes == nil)
    }

    @Test func whatIsNotTrueEndsTheRun() {
        let benchmark = MicroBenchmark("wrong", operations: 1) { { try expect(false, "it is wrong") } }
        #expect(throws: UnexpectedResult.self) { try Measurer(rounds: 1).measure(benchmark) }
    }

    @Test func theReferenceTakesTime() {
        #expect(Measurer(rounds: 3).measureReference() > 1)
    }

    /// Keeps the compiler from doing without the box.
    @inline(never) private static func keep(_ box: Box, _ number: Int) {
        box.value = number
        kept = box
    }

    nonisolated(unsafe) private static var kept: Box?

    @inline(never) private static func work(_ repetitions: UInt64) {
        var hash: UInt64 = 1
        for number in 0..<repetitions { hash = (hash ^ number) &* 1_099_511_628_211 }
        sink = hash
    }

    /// Keeps the compiler from doing without the work.
    nonisolated(unsafe) private static var sink: UInt64 = 0
}
