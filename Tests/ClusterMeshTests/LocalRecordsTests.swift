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

    // MARK: What was published

    private func node(_ name: String, label: String = "") -> MeshRecord {
        var node = NodeRecord(name: name, cluster: "athens", clusterID: 1)
        if !label.isEmpty { node.labels["label"] = label }
        return .node(node)
    }

    @Test mutating func whatWasPublishedIsToldOnceWhetherTheStoreOrThePublisherIsHeardFirst() {
        #expect(kinds(records.publish([.node("plaka"): node("plaka")])) == ["athens: node plaka added"])
        #expect(kinds(records.apply([WatchEvent(kind: .put, pair: pair("plaka"))])).isEmpty)
        #expect(kinds(records.apply([WatchEvent(kind: .put, pair: pair("omonia"))])) == ["athens: node omonia added"])
        #expect(kinds(records.publish([.node("omonia"): node("omonia")])).isEmpty)
    }

    @Test mutating func whatIsWithdrawnIsToldOnceWhetherTheStoreOrThePublisherIsHeardFirst() {
        _ = records.publish([.node("plaka"): node("plaka"), .node("omonia"): node("omonia")])
        _ = records.reset(to: [pair("plaka"), pair("omonia")])
        #expect(kinds(records.publish([.node("plaka"): nil])).isEmpty, "the store still holds it")
        #expect(kinds(records.apply([.delete("plaka", athens)])) == ["athens: node plaka removed"])
        #expect(kinds(records.apply([.delete("omonia", athens)])).isEmpty, "it is still published")
        #expect(kinds(records.publish([.node("omonia"): nil])) == ["athens: node omonia removed"])
    }

    @Test mutating func whatTheFilterTakesOutOfTheStoreStays() {
        _ = records.publish([.node("plaka"): node("plaka")])
        _ = records.reset(to: [pair("plaka")])
        #expect(kinds(records.apply([.delete("plaka", athens)])).isEmpty)
        #expect(kinds(records.reset(to: [])).isEmpty)
    }

    @Test mutating func whatWasPublishedCountsMoreThanWhatTheStoreHolds() {
        _ = records.publish([.node("plaka"): node("plaka")])
        #expect(kinds(records.apply([WatchEvent(kind: .put, pair: pair("plaka", label: "raw", at: 3))])).isEmpty)
        // Only when it is published no more does the store's say anything.
        #expect(kinds(records.publish([.node("plaka"): nil])) == ["athens: node plaka changed"])
        #expect(kinds(records.apply([.delete("plaka", athens)])) == ["athens: node plaka removed"])
    }

    @Test mutating func aWithdrawalOfWhatIsNotThereIsNothing() {
        #expect(records.publish([.node("plaka"): nil]).updates.isEmpty)
    }
}

extension WatchEvent {
    fileprivate static func delete(_ node: String, _ cluster: ClusterName) -> WatchEvent {
        WatchEvent(kind: .delete, pair: .tombstone(key: RecordKey.node(node).key(in: cluster), modRevision: 9))
    }
}
