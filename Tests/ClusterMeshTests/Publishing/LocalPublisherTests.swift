import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct LocalPublisherTests {
    private let athens: ClusterName
    private let store: KVStore
    private let publisher: LocalPublisher

    init() throws {
        try self.init(KVStoreConfiguration())
    }

    private init(_ limits: KVStoreConfiguration) throws {
        athens = try ClusterName("athens")
        store = KVStore(configuration: limits)
        publisher = LocalPublisher(
            to: store, as: RecordDecoder(cluster: athens, id: try ClusterID(1)), limits: limits)
    }

    private func node(_ name: String, cluster: String = "athens", label: String = "") -> MeshRecord {
        var node = NodeRecord(name: name, cluster: cluster, clusterID: 1)
        if !label.isEmpty { node.labels["label"] = label }
        return .node(node)
    }

    private func service(_ namespace: String, _ name: String) -> MeshRecord {
        .service(
            ServiceRecord(cluster: "athens", name: ServiceName(namespace: namespace, name: name), clusterID: 1))
    }

    private func stored(_ record: MeshRecord) -> [UInt8]? {
        store.get(record.key.key(in: athens)).map { Array($0.value) }
    }

    /// Keeps back what belongs to the namespace `shop`.
    private static var withoutShop: ExportFilter {
        var namespaces = NamespaceExport()
        namespaces["shop"] = false
        return .namespaces(namespaces)
    }

    @Test func aCallIsOneRevision() throws {
        let records = (0..<100).map { node("n\($0)") }
        try publisher.publish(records)
        #expect(store.revision == 2)
        #expect(records.allSatisfy { stored($0) == $0.encoded() })
        try publisher.withdraw(records.map(\.key))
        #expect(store.revision == 3)
        #expect(store.snapshot().count == 0)
    }

    @Test func whatIsThereAlreadyIsNotWrittenAgain() throws {
        try publisher.publish([node("plaka"), node("omonia")])
        try publisher.publish([node("plaka"), node("omonia")])
        #expect(store.revision == 2)
        try publisher.publish([node("plaka"), node("omonia", label: "new")])
        #expect(store.get(node("plaka").key.key(in: athens))?.modRevision == 2)
        #expect(stored(node("omonia")) == node("omonia", label: "new").encoded())
    }

    @Test func ofSeveralRecordsWithOneKeyTheLastCounts() throws {
        try publisher.publish([node("plaka"), node("omonia"), node("plaka", label: "last")])
        #expect(stored(node("plaka")) == node("plaka", label: "last").encoded())
        try publisher.withdraw([.node("plaka"), .node("plaka")])
        #expect(stored(node("plaka")) == nil)
    }

    @Test func aRecordThatPeersWouldRefuseIsRefusedWithItsNeighbours() throws {
        let foreign = node("impostor", cluster: "kos")
        let error = try #require(throws: PublishingError.self) { try publisher.publish([node("plaka"), foreign]) }
        #expect(error.code == .invalidRecord)
        #expect(error.message.contains("node impostor") && error.message.contains("'kos'"))
        let outOfRange = MeshRecord.identity(
            IdentityRecord(id: 200_000, labels: [Label(key: IdentityRecord.clusterLabel, value: "athens")]))
        #expect(throws: PublishingError.self) { try publisher.publish([outOfRange]) }
        #expect(throws: PublishingError.self) { try publisher.publish([node("a/b")]) }
        #expect(store.revision == 1)
    }

    @Test func aKeyThatAnotherWriterChangedIsPutBackByPublishingAgain() throws {
        try publisher.publish([node("plaka")])
        try store.put(node("plaka").key.key(in: athens), "raw")
        try publisher.publish([node("plaka")])
        #expect(stored(node("plaka")) == node("plaka").encoded())
    }

    @Test func keysThatWereWrittenRawAreLeftAloneByWithdrawalsAndFilters() throws {
        let raw = service("shop", "raw")
        try store.put(raw.key.key(in: athens), raw.encoded())
        try publisher.setFilter(Self.withoutShop)
        try publisher.withdraw([raw.key])
        #expect(stored(raw) == raw.encoded())
        #expect(store.revision == 2)
    }

    @Test func aFilterThatIsSwitchedWithdrawsAndAddsAtOnce() throws {
        let (cart, till) = (service("shop", "cart"), service("till", "cash"))
        try publisher.publish([cart, till])
        try publisher.setFilter(Self.withoutShop)
        #expect(stored(cart) == nil && stored(till) != nil)
        #expect(store.revision == 3)
        try publisher.setFilter(.records { $0 == cart })
        #expect(stored(cart) != nil && stored(till) == nil)
        #expect(store.revision == 4)
        try publisher.setFilter(.all)
        #expect(stored(cart) != nil && stored(till) != nil)
    }

    @Test func aFilterJudgesWhatIsPublishedLater() throws {
        try publisher.setFilter(Self.withoutShop)
        try publisher.publish([service("shop", "cart"), service("till", "cash")])
        #expect(store.snapshot().count == 1)
        try publisher.withdraw([service("shop", "cart").key])
        try publisher.setFilter(.all)
        #expect(store.snapshot().count == 1, "what was withdrawn does not come back")
    }

    @Test func moreThanATransactionTakesIsWrittenInSeveral() throws {
        var limits = KVStoreConfiguration()
        limits.maximumTransactionOperations = 10
        let small = try Self(limits)
        let records = (0..<25).map { node("n\($0)") }
        try small.publisher.publish(records)
        #expect(small.store.revision == 4)
        #expect(small.store.snapshot().count == 25)
        try small.publisher.setFilter(.records { _ in false })
        #expect(small.store.snapshot().count == 0)
        try small.publisher.setFilter(.all)
        #expect(small.store.snapshot().count == 25)
    }

    @Test func aFullStoreRefusesTheWholeTransactionAndTheCallCanBeMadeAgain() throws {
        var limits = KVStoreConfiguration()
        limits.maximumKeys = 2
        let small = try Self(limits)
        try small.store.put("other", "1")
        let records = [node("plaka"), node("omonia")]
        let error = try #require(throws: PublishingError.self) { try small.publisher.publish(records) }
        #expect(error.code == .refusedByStore)
        #expect(error.message.contains("node plaka"))
        #expect(small.store.snapshot().count == 1)
        #expect(small.publisher.follow {}.isEmpty, "what was refused is not published")
        try small.store.delete(.key("other"))
        try small.publisher.publish(records)
        #expect(small.store.snapshot().count == 2)
    }

    @Test func aRecordLargerThanAWriteMayBeIsRefused() throws {
        var limits = KVStoreConfiguration()
        limits.maximumRequestBytes = 1_000
        let small = try Self(limits)
        try small.publisher.publish([node("plaka")])
        #expect(throws: PublishingError.self) {
            try small.publisher.publish([node("omonia", label: String(repeating: "x", count: 2_000))])
        }
        #expect(small.store.snapshot().count == 1)
    }

    @Test func aFollowerGetsEverythingAndThenWhatChanges() throws {
        try publisher.setFilter(Self.withoutShop)
        try publisher.publish([service("shop", "cart"), node("plaka")])
        let wakes = Locked(0)
        let all = publisher.follow { wakes.withLock { $0 += 1 } }
        #expect(all == [service("shop", "cart").key: service("shop", "cart"), .node("plaka"): node("plaka")])
        #expect(publisher.takeChanges().isEmpty)
        try publisher.publish([node("omonia")])
        try publisher.withdraw([.node("plaka")])
        #expect(wakes.withLock { $0 } == 2)
        #expect(publisher.takeChanges() == [.node("omonia"): node("omonia"), .node("plaka"): nil])
        try publisher.setFilter(.all)
        #expect(publisher.takeChanges().isEmpty, "a filter changes nothing for the own views")
        publisher.unfollow()
        try publisher.publish([node("kifisia")])
        #expect(publisher.takeChanges().isEmpty)
    }

    /// Whoever comes last decides, for the key as for the filter, and the store holds what was decided.
    @Test func publishersAndFiltersAtTheSameTimeLeaveStoreAndFilterInAgreement() async throws {
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<50 {
                        let name = "s\(round % 7)"
                        switch (task + round) % 4 {
                        case 0: try? publisher.withdraw([service("shop", name).key])
                        case 1: try? publisher.setFilter(round.isMultiple(of: 2) ? .all : Self.withoutShop)
                        default: try? publisher.publish([service("shop", name), service("till", name)])
                        }
                    }
                }
            }
        }
        let all = publisher.follow {}.compactMapValues { $0 }
        try publisher.setFilter(Self.withoutShop)
        let held = Set(store.snapshot().pairs().map(\.key))
        #expect(
            held
                == Set(all.keys.filter { Self.withoutShop.exports(all[$0] ?? node("none")) }.map { $0.key(in: athens) })
        )
        try publisher.setFilter(.all)
        #expect(Set(store.snapshot().pairs().map(\.key)) == Set(all.keys.map { $0.key(in: athens) }))
    }
}
