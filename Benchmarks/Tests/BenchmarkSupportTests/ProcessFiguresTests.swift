import BenchmarkSupport
import Testing

@Suite struct ProcessFiguresTests {
    @Test func processorTimeGrowsWithWork() throws {
        let figures = ProcessFigures.own
        let before = try #require(figures.processorTime)
        let ownBefore = MonotonicTime.threadProcessorTime
        while MonotonicTime.threadProcessorTime - ownBefore < 20_000_000 {}
        #expect(try #require(figures.processorTime) - before >= 20_000_000)
    }

    @Test func theThreadsTimesMakeUpMostOfTheProcess() throws {
        let threads = ProcessFigures.own.threadProcessorTimes.values.reduce(0, +)
        let all = try #require(ProcessFigures.own.processorTime)
        #expect(threads > 0)
        #expect(threads <= all)
    }

    @Test func memoryIsPartOfItsPeak() throws {
        let resident = try #require(ProcessFigures.own.residentBytes)
        let peak = try #require(ProcessFigures.own.peakResidentBytes)
        #expect(resident > 1 << 20)
        #expect(peak > 1 << 20)
    }

    @Test func aProcessThatIsGoneHasNoFigures() {
        let gone = ProcessFigures(of: 1 << 27)
        #expect(gone.processorTime == nil)
        #expect(gone.residentBytes == nil)
        #expect(gone.threadProcessorTimes.isEmpty)
    }
}
