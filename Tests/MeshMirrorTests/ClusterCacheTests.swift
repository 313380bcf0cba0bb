import MeshCore
import MeshRecords
import Testing

@testable import MeshMirror

struct ClusterCacheTests {
    private let sample: Sample

    init() throws {
        sample = try Sample()
    }

    private func cache() -> ClusterCache { ClusterCache(cluster: sample.cluster) }

    @discardableResult
    private func apply(_ event: WatchEvent, to cache: inout ClusterCache) -> RecordChange? {
        cache.apply(ClusterCache.Change(event, sample.decoder))
    }

    @Test("records come, change and go, each kind in its own table, with the revision that wrote them")
    func life() throws {
        var cache = cache()
        let records = [sample.node("n1"), sample.identity(7), try sample.ip("10.0.0.1")]
        for (number, record) in records.enumerated() {
            let change = apply(sample.put(record, Revision(Int64(10 + number))), to: &cache)
            #expect(change == RecordChange(cluster: sample.cluster, key: record.key, new: record))
        }
        #expect(cache.tables.counts == RecordCounts(nodes: 1, services: 0, identities: 1, ips: 1))
        #expect(cache.tables.record(records[1].key)?.modRevision == 11)

        let changed = sample.node("n1", bootID: "second")
        let change = apply(sample.put(changed, 20), to: &cache)
        #expect(change == RecordChange(cluster: sample.cluster, key: changed.key, old: records[0], new: changed))

        let gone = apply(sample.delete(changed.key.key(in: sample.cluster), 21), to: &cache)
        #expect(gone == RecordChange(cluster: sample.cluster, key: changed.key, old: changed))
        #expect(cache.tables.counts.total == 2)
        #expect(apply(sample.delete(changed.key.key(in: sample.cluster), 22), to: &cache) == nil)
    }

    @Test("a record that is written again as it was is no change, but its revision is the new one")
    func same() {
        var cache = cache()
        let record = sample.node("n1")
        apply(sample.put(record, 5), to: &cache)
        #expect(apply(sample.put(record, 9), to: &cache) == nil)
        #expect(cache.tables.record(record.key)?.modRevision == 9)
    }

    @Test("foreign and broken records are refused, counted and told of, and harm nobody")
    func refused() throws {
        var cache = cache()
        let other = try Sample("hurup", 2)
        apply(sample.put(sample.node("n1"), 2), to: &cache)
        // Under the other's key, under the own key, an identity of the other's range, no JSON at all.
        #expect(apply(other.put(other.node("n9"), 3), to: &cache) == nil)
        let stolen = sample.put(
            "cilium/state/nodes/v1/athens/n9", String(decoding: other.node("n9").encoded(), as: UTF8.self), 4)
        #expect(apply(stolen, to: &cache) == nil)
        #expect(apply(other.put(other.identity(7), 5), to: &cache) == nil)
        #expect(apply(sample.put("cilium/state/services/v1/athens/shop/cart", "{", 6), to: &cache) == nil)
        #expect(cache.tables.counts.total == 1)
        #expect(cache.rejections.total == 4 && cache.rejections.current == 4)
        #expect(cache.rejections.examples.map(\.revision) == [3, 4, 5, 6])
        #expect(cache.rejections.examples[1].reason.contains("hurup"))
    }

    @Test("a refused value of a known key keeps the last good one and marks it, until a good one or a deletion comes")
    func outdated() {
        var cache = cache()
        let record = sample.node("n1")
        let key = record.key.key(in: sample.cluster)
        apply(sample.put(record, 5), to: &cache)
        #expect(apply(sample.put(key, "broken", 6), to: &cache) == nil)
        #expect(apply(sample.put(key, "broken again", 7), to: &cache) == nil)
        #expect(cache.tables.record(record.key) == MirrorRecord(record, modRevision: 5, isOutdated: true))
        #expect(cache.outdated == 1)
        #expect(cache.rejections.total == 2 && cache.rejections.current == 1)

        #expect(apply(sample.put(record, 8), to: &cache) == nil, "the same record as before")
        #expect(cache.tables.record(record.key) == MirrorRecord(record, modRevision: 8))
        #expect(cache.outdated == 0 && cache.rejections.current == 0 && cache.rejections.total == 2)

        apply(sample.put(key, "broken", 9), to: &cache)
        #expect(apply(sample.delete(key, 10), to: &cache)?.new == nil)
        #expect(cache.outdated == 0 && cache.rejections.current == 0)
        #expect(cache.tables.counts.total == 0)
    }

    @Test("the examples of refused records are bounded, and the latest are kept")
    func bounded() {
        var cache = cache()
        for number in 1...100 {
            apply(sample.put(Key("cilium/state/nodes/v1/athens/n\(number)"), "x", Revision(Int64(number))), to: &cache)
        }
        #expect(cache.rejections.examples.count == RejectionSummary.maximumExamples)
        #expect(cache.rejections.examples.last?.revision == 100)
        #expect(cache.rejections.total == 100 && cache.rejections.current == 100)
    }

    @Test("the difference of two states is what came, changed and went")
    func difference() {
        var cache = cache()
        for name in ["a", "b", "c"] { apply(sample.put(sample.node(name), 2), to: &cache) }
        let before = cache.tables
        apply(sample.delete(sample.node("a").key.key(in: sample.cluster), 3), to: &cache)
        apply(sample.put(sample.node("b", bootID: "new"), 4), to: &cache)
        apply(sample.put(sample.node("d"), 5), to: &cache)
        apply(sample.put(sample.node("c"), 6), to: &cache)
        let changes = before.changes(to: cache.tables, of: sample.cluster)
        #expect(
            Set(changes) == [
                RecordChange(cluster: sample.cluster, key: .node("a"), old: sample.node("a")),
                RecordChange(
                    cluster: sample.cluster,
                    key: .node("b"),
                    old: sample.node("b"),
                    new: sample.node("b", bootID: "new")
                ),
                RecordChange(cluster: sample.cluster, key: .node("d"), new: sample.node("d")),
            ]
        )
        #expect(changes.count == 3)
    }
}
