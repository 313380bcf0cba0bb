import BenchmarkTargets
import TestSupport
import Testing

/// What a mirrored record keeps beside the bytes of its key and value, in its mirror and all merged views together.
/// Measured in a process of its own, by the memory that the kernel has given out.
@Suite(.enabled(if: ProcessFigures.isMemoryItsOwn, "a sanitizer keeps books beside it"))
struct PipelineMemoryTests {
    @Test func anIPKeepsAtMost600BytesBesideItsKeyAndValue() async {
        await #expect(processExitsWith: .success) { try PipelineMemoryTests.expectBound(.ips) }
    }

    @Test func aNodeKeepsAtMost600BytesBesideItsKeyAndValue() async {
        await #expect(processExitsWith: .success) { try PipelineMemoryTests.expectBound(.nodes) }
    }

    private static func expectBound(_ sample: PipelineWork.Sample) throws {
        // A run before fills what was free already; it must not be larger, or it would leave too much free.
        _ = try PipelineWork(sample, records: 300).run()
        let work = try PipelineWork(sample, records: 15_000)
        let resident = try work.run(measuring: { (try? ProcessFigures.residentKiB * 1_024) ?? 0 })
        let kept = (resident - work.payloadBytes) / work.count
        #expect(kept <= 600, "\(sample): \(kept) bytes")
        // Less than nothing would say that nothing was measured: the record's own bytes are in it.
        #expect(resident / work.count > 200, "\(sample): \(resident / work.count) bytes in all")
        print("\(sample): \(kept) bytes beside key and value, \(resident / work.count) in all")
    }
}
