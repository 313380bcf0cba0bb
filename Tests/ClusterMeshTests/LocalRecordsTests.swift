import Testing

@testable import ClusterMesh

@Suite struct LocalRecordsTests {
    private let athens: ClusterName
    private var records: LocalRecords

    init() throws {
        athens = try ClusterName("athens")
        records = LocalRecords(cluster: athens, id: try ClusterID(1), space: .clusters255)
    }

    private func pair(_ name: String, cluster: String = "athens", label: String = "", at revision: Revision = 2)
        -> KeyValue
    {
        var node = NodeRecord(name: name, cluster: cluster, clusterID: 1)
        if !label.isEmpty { node.labels["label"] = label }
        return KeyValue(
            key: RecordKey.node(name).key(in: athens), createRevision: 2, modRevision: revision, version: 1,
            value: node.encoded())
    }

    private func kinds(_ outcome: LocalRecords.Outcome) -> [String] {
        outcome.updates.map { update in
            guard case .changed(let change) = update else { return "\(update)" }
            return "\(change)"
        }
    }

    @Test mutating func whatTheStoreHoldsIsAdded() {
        let outcome = records.reset(to: [pair("plaka"), pair("omonia")])
        #expect(kinds(outcome) == ["athens: node plaka added", "athens: node omonia added"])
        #expect(outcome.rejected.isEmpty)
    }

    @Test mutating func aResetTellsOnlyWhatDiffers() {
        _ = records.reset(to: [pair("plaka"), pair("omonia"), pair("kifisia")])
        let outcome = records.reset(to: [pair("plaka"), pair("omonia", label: "new")])
        #expect(Set(kinds(outcome)) == ["athens: node omonia changed", "athens: node kifisia removed"])
    }

    @Test mutating func eventsAddChangeAndRemove() {
        let outcome = records.apply([
            WatchEvent(kind: .put, pair: pair("plaka")),
            WatchEvent(kind: .put, pair: pair("plaka", label: "x", at: 3)),
            WatchEvent(kind: .put, pair: pair("plaka", label: "x", at: 4)),
            WatchEvent(kind: .delete, pair: .tombstone(key: pair("plaka").key, modRevision: 5)),
            WatchEvent(kind: .delete, pair: .tombstone(key: "cilium/state/unknown", modRevision: 6)),
        ])
        #expect(
            kinds(outcome) == [
                "athens: node plaka added", "athens: node plaka changed", "athens: node plaka removed",
            ])
    }

    @Test mutating func aPairThatIsNoRecordIsReportedAndTakesItsFormerRecordAway() {
        _ = records.reset(to: [pair("plaka")])
        let outcome = records.apply([WatchEvent(kind: .put, pair: pair("plaka", cluster: "kos", at: 3))])
        #expect(outcome.rejected.count == 1)
        #expect(kinds(outcome) == ["athens: node plaka removed"])
    }
}
