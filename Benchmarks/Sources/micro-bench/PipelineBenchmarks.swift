internal import BenchmarkTargets
internal import CCounters

extension MicroBenchmark {
    /// What it costs to mirror a peer, from the bytes of its pages to entries of the four merged views, and what that
    /// keeps in memory.
    static var pipeline: [MicroBenchmark] {
        [reading("pipeline.ip", .ips, records: 20_000), reading("pipeline.node", .nodes, records: 5_000)]
    }

    /// What a record may keep beside its key and value, in the mirror and all views together.
    static let maximumKeptBytes = 600.0

    private static func reading(_ name: String, _ sample: PipelineWork.Sample, records: Int) -> MicroBenchmark {
        MicroBenchmark(name, operations: records) {
            let work = try PipelineWork(sample, records: records)
            return {
                let shown = try work.run()
                try expect(shown == records, "\(shown) of \(records) records are shown")
            }
        } keeping: {
            let work = try PipelineWork(sample, records: records)
            // What is made once for all is not the records'.
            _ = try work.run()
            let bytes = try work.run(measuring: { Int(allocated_bytes()) })
            let kept = Double(bytes - work.payloadBytes) / Double(records)
            try expect(
                kept <= maximumKeptBytes,
                "\(name): a record keeps \(kept.short) bytes beside its key and value; at most "
                    + "\(maximumKeptBytes.short) are allowed")
            return kept
        }
    }
}
