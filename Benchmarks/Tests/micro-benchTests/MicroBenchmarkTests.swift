import Testing

@testable import micro_bench

@Suite struct MicroBenchmarkTests {
    @Test func namesAreUnique() {
        let names = MicroBenchmark.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: MicroBenchmark.all.indices)
    func whatItTakesForGrantedIsSo(_ place: Int) throws {
        let benchmark = MicroBenchmark.all[place]
        let cost = try Measurer(rounds: 1).measure(benchmark).cost
        #expect(cost.processorNanoseconds > 0, "\(benchmark.name)")
    }
}
