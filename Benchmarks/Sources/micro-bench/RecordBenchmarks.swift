internal import MeshCore
internal import MeshRecords
internal import MeshViews

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

    /// Merging the records of clusters, and reading what they come to.
    static var views: [MicroBenchmark] {
        [
            MicroBenchmark("views.ip-cache.merge", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                let updates = sample.ips.map { sample.update(.ip($0.ip), .ip($0)) }
                return {
                    let view = View<IPCache>(local: sample.cluster)
                    sample.apply(updates, to: view)
                    try expect(view.snapshot().count == updates.count, "records are missing")
                }
            },
            MicroBenchmark("views.services.merge", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                let updates = sample.services.map { sample.update(.service($0.name), .service($0)) }
                return {
                    let view = View<GlobalServices>(local: sample.cluster)
                    sample.apply(updates, to: view)
                    try expect(view.snapshot()[sample.services[0].name] != nil, "a service is missing")
                }
            },
            MicroBenchmark("views.ip-cache.lookup", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                let view = View<IPCache>(local: sample.cluster)
                sample.apply(sample.ips.map { sample.update(.ip($0.ip), .ip($0)) }, to: view)
                return {
                    let snapshot = view.snapshot()
                    for address in sample.addresses {
                        try expect(snapshot.lookup(address) != nil, "an address is missing")
                    }
                }
            },
        ]
    }
}
