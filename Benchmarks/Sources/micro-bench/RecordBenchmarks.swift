internal import MeshCore
internal import MeshRecords

extension MicroBenchmark {
    /// What keys and values mean.
    static var records: [MicroBenchmark] {
        [
            MicroBenchmark("records.ip.decode", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                return try sample.decoding(sample.ips.map { (.ip($0.ip), $0.encoded()) })
            },
            MicroBenchmark("records.service.decode", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                return try sample.decoding(sample.services.map { (.service($0.name), $0.encoded()) })
            },
            MicroBenchmark("records.node.decode", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                return try sample.decoding(sample.nodes.map { (.node($0.name), $0.encoded()) })
            },
            MicroBenchmark("records.identity.decode", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                return try sample.decoding(sample.identities.map { (.identity($0.id), $0.encoded()) })
            },
            MicroBenchmark("records.ip.encode", operations: SampleRecords.count) {
                let records = try SampleRecords().ips
                return { for record in records { try expect(!record.encoded().isEmpty, "a record is empty") } }
            },
        ]
    }
}
