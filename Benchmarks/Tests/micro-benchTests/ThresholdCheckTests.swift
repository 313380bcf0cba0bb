import Testing

@testable import micro_bench

@Suite struct ThresholdCheckTests {
    private let thresholds = Thresholds(
        referenceNanoseconds: 200,
        costs: ["store.put": Cost(allocations: 4, instructions: 1_000, processorNanoseconds: 500)]
    )

    private func faults(
        _ cost: Cost,
        _ name: String = "store.put",
        referenceNanoseconds: Double = 200,
        isComplete: Bool = true
    ) -> [String] {
        ThresholdCheck(thresholds, referenceNanoseconds: referenceNanoseconds)
            .faults(in: [name: cost], isComplete: isComplete)
    }

    @Test func equalCostsPass() {
        #expect(faults(Cost(allocations: 4, instructions: 1_000, processorNanoseconds: 500)).isEmpty)
    }

    @Test func oneAllocationMoreFails() throws {
        let faults = faults(Cost(allocations: 5, instructions: 1_000, processorNanoseconds: 500))
        #expect(faults == ["store.put takes 5 allocations, at most 4.22 are allowed (threshold 4)"])
    }

    @Test func anAllocationWhereNoneWasFails() {
        let none = Thresholds(
            referenceNanoseconds: 1,
            costs: ["x": Cost(allocations: 0, instructions: nil, processorNanoseconds: 1)]
        )
        let check = ThresholdCheck(none, referenceNanoseconds: 1)
        let one = Cost(allocations: 1, instructions: nil, processorNanoseconds: 1)
        let rare = Cost(allocations: 0.01, instructions: nil, processorNanoseconds: 1)
        #expect(check.faults(in: ["x": one], isComplete: true).count == 1)
        #expect(check.faults(in: ["x": rare], isComplete: true).isEmpty)
    }

    @Test func instructionsDecideWhereTheyAreCounted() {
        #expect(faults(Cost(allocations: 4, instructions: 1_140, processorNanoseconds: 500)).isEmpty)
        #expect(faults(Cost(allocations: 4, instructions: 1_160, processorNanoseconds: 500)).count == 1)
        // Processor time says nothing beside them.
        #expect(faults(Cost(allocations: 4, instructions: 1_000, processorNanoseconds: 50_000)).isEmpty)
    }

    @Test func processorTimeDecidesWhereInstructionsAreNotCounted() {
        #expect(faults(Cost(allocations: 4, instructions: nil, processorNanoseconds: 1_490)).isEmpty)
        #expect(faults(Cost(allocations: 4, instructions: nil, processorNanoseconds: 1_510)).count == 1)
    }

    @Test func processorTimeIsScaledByTheMachine() {
        let slow = Cost(allocations: 4, instructions: nil, processorNanoseconds: 2_900)
        #expect(faults(slow, referenceNanoseconds: 200).count == 1)
        #expect(faults(slow, referenceNanoseconds: 400).isEmpty)
        let usual = Cost(allocations: 4, instructions: nil, processorNanoseconds: 800)
        #expect(faults(usual, referenceNanoseconds: 100).count == 1)
    }

    @Test func aBenchmarkWithoutAThresholdFails() {
        let cost = Cost(allocations: 1, instructions: nil, processorNanoseconds: 1)
        let faults = faults(cost, "store.get", isComplete: false)
        #expect(faults.count == 1)
        #expect(faults[0].hasPrefix("store.get has no threshold"))
    }

    @Test func aThresholdWithoutABenchmarkFailsIfAllRan() {
        let check = ThresholdCheck(thresholds, referenceNanoseconds: 200)
        #expect(check.faults(in: [:], isComplete: false).isEmpty)
        #expect(check.faults(in: [:], isComplete: true).count == 1)
    }

    @Test func figuresAreShort() {
        #expect(1_234.56.short == "1235")
        #expect(12.3456.short == "12.3")
        #expect(0.0123.short == "0.012")
        #expect(4.0.short == "4")
        #expect(0.0.short == "0")
    }

    @Test func moreBytesInMemoryFailWhereTheyAreMeasured() {
        let kept = Thresholds(
            referenceNanoseconds: 1,
            costs: ["x": Cost(allocations: 0, instructions: nil, processorNanoseconds: 1, keptBytes: 500)]
        )
        let check = ThresholdCheck(kept, referenceNanoseconds: 1)
        func faults(_ bytes: Double?) -> [String] {
            let cost = Cost(allocations: 0, instructions: nil, processorNanoseconds: 1, keptBytes: bytes)
            return check.faults(in: ["x": cost], isComplete: true)
        }
        #expect(faults(549).isEmpty && faults(nil).isEmpty)
        #expect(faults(551) == ["x takes 551 bytes in memory, at most 550 are allowed (threshold 500)"])
    }
}
