internal import MeshCore
internal import MeshRecords
internal import MeshViews

extension MicroBenchmark {
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
            MicroBenchmark("views.nodes.merge", operations: SampleRecords.count) {
                let sample = try SampleRecords()
                let updates = sample.nodes.enumerated().map { number, node in
                    var node = node
                    node.ipv4AllocationCIDR = IPPrefix(sample.addresses[number], length: 32)
                    return sample.update(.node(node.name), .node(node))
                }
                return {
                    let view = View<Nodes>(local: sample.cluster)
                    sample.apply(updates, to: view)
                    let nodes = view.snapshot()
                    try expect(nodes.count == updates.count, "nodes are missing")
                    try expect(nodes.podCIDRConflictCount == 0, "ranges of one cluster are in conflict")
                }
            },
            MicroBenchmark("views.ip-cache.lookup.each-snapshot", operations: 100 * SampleRecords.count) {
                let (sample, view) = try filledCache()
                return { try lookUpInEachSnapshot(sample, view) }
            },
            MicroBenchmark("views.ip-cache.lookup.beside-writer", operations: 100 * SampleRecords.count) {
                let (sample, view) = try filledCache()
                // Every second batch gives the same addresses other identities: each is a real change.
                let batches = stride(from: 0, to: SampleRecords.count, by: 250).flatMap { start in
                    [UInt32(65_601), 65_602].map { identity in
                        sample.ips[start..<start + 250].map { record in
                            var record = record
                            record.identity = identity
                            return sample.update(.ip(record.ip), .ip(record))
                        }
                    }
                }
                let writer = BackgroundWriter(view, batches)
                return {
                    let applied = try writer.run { try lookUpInEachSnapshot(sample, view) }
                    try expect(applied > 0, "nothing was written beside the look-ups")
                }
            },
        ]
    }

    /// A view of a cluster's addresses.
    private static func filledCache() throws -> (SampleRecords, View<IPCache>) {
        let sample = try SampleRecords()
        let view = View<IPCache>(local: sample.cluster)
        sample.apply(sample.ips.map { sample.update(.ip($0.ip), .ip($0)) }, to: view)
        return (sample, view)
    }

    /// Looks every address up a hundred times, each time in the newest snapshot.
    private static func lookUpInEachSnapshot(_ sample: SampleRecords, _ view: View<IPCache>) throws {
        for _ in 0..<100 {
            for address in sample.addresses {
                try expect(view.snapshot().lookup(address) != nil, "an address is missing")
            }
        }
    }
}
