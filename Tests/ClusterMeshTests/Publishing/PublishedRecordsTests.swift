import Testing

@testable import ClusterMesh

@Suite struct PublishedRecordsTests {
    private typealias Draft = PublishedRecords.Draft

    private let athens: ClusterName
    private var published = PublishedRecords()

    init() throws {
        athens = try ClusterName("athens")
    }

    private func node(_ name: String, label: String = "") -> MeshRecord {
        var node = NodeRecord(name: name, cluster: "athens", clusterID: 1)
        if !label.isEmpty { node.labels["label"] = label }
        return .node(node)
    }

    private func key(_ name: String) -> Key { RecordKey.node(name).key(in: athens) }

    /// A draft that publishes a record as the present filter judges it.
    private func publishing(_ record: MeshRecord) -> Draft {
        Draft(record.key, of: athens, .publish(record, published.filter.judge(record, record.encoded())))
    }

    /// A draft that judges what is published anew.
    private func judging(_ key: RecordKey) throws -> Draft {
        let (record, version) = try #require(published.published(key))
        return Draft(key, of: athens, .judge(published.filter.judge(record, record.encoded()), version: version))
    }

    private func withdrawing(_ key: RecordKey) -> Draft { Draft(key, of: athens, .withdraw) }

    /// Does what a publisher does; answers what was written.
    @discardableResult
    private mutating func perform(_ drafts: Draft...) throws -> [PublishedRecords.Write] {
        let writes = try #require(published.writes(for: drafts))
        _ = published.commit(drafts)
        return writes
    }

    private static let noNodes = ExportFilter.records { $0.kind != .node }

    @Test mutating func whatIsPublishedIsPut() throws {
        let plaka = node("plaka")
        #expect(try perform(publishing(plaka)) == [.put(key("plaka"), plaka.encoded())])
        #expect(published.records == [plaka.key: plaka])
    }

    @Test mutating func whatTheFilterKeepsBackIsPublishedButNotPut() throws {
        published.setFilter(Self.noNodes)
        #expect(try perform(publishing(node("plaka"))) == [.nothing])
        #expect(published.count == 1)
    }

    @Test mutating func aRecordThatChangesSoThatItIsKeptBackLeavesTheStore() throws {
        let exported = node("plaka")
        published.setFilter(.records { $0 == exported })
        try perform(publishing(node("plaka")))
        #expect(try perform(publishing(node("plaka", label: "new"))) == [.delete(key("plaka"))])
        #expect(try perform(publishing(node("plaka", label: "newer"))) == [.nothing])
    }

    @Test mutating func aWithdrawalDeletesOnlyWhatWasExported() throws {
        try perform(publishing(node("plaka")))
        #expect(
            try perform(withdrawing(.node("plaka")), withdrawing(.node("omonia"))) == [.delete(key("plaka")), .nothing])
        published.setFilter(Self.noNodes)
        try perform(publishing(node("plaka")))
        // What lies under this key in the store is somebody else's.
        #expect(try perform(withdrawing(.node("plaka"))) == [.nothing])
        #expect(published.count == 0)
    }

    @Test mutating func aCommitTellsWhatTheViewsHaveToKnow() throws {
        let first = published.commit([publishing(node("plaka"))])
        #expect(first == [.node("plaka"): node("plaka")])
        published.setFilter(Self.noNodes)
        #expect(published.commit([try judging(.node("plaka"))]).isEmpty, "the own views see what is kept back, too")
        #expect(published.commit([withdrawing(.node("omonia"))]).isEmpty)
        let last = published.commit([withdrawing(.node("plaka"))])
        #expect(last == [.node("plaka"): nil])
    }

    @Test mutating func anotherFilterLeavesEverythingToBeJudged() throws {
        try perform(publishing(node("plaka")), publishing(node("omonia")))
        #expect(published.unjudged.isEmpty)
        published.setFilter(Self.noNodes)
        #expect(published.unjudged == [.node("omonia"), .node("plaka")])
        #expect(try perform(judging(.node("plaka"))) == [.delete(key("plaka"))])
        #expect(published.unjudged == [.node("omonia")])
        published.setFilter(.all)
        #expect(try perform(judging(.node("plaka"))) == [.put(key("plaka"), node("plaka").encoded())])
    }

    @Test mutating func whatIsReferredToIsJudgedBeforeWhatRefersToIt() throws {
        let identity = MeshRecord.identity(IdentityRecord(id: 65_700, labels: [Label(key: "app", value: "x")]))
        let ip = MeshRecord.ip(IPRecord(ip: .address(try IPAddress("10.1.0.7")), hostIP: nil, identity: 65_700))
        try perform(publishing(ip), publishing(node("plaka")), publishing(identity))
        published.setFilter(.all)
        #expect(published.unjudged.map(\.kind) == [.identity, .node, .ip])
    }

    @Test mutating func aDraftThatAnotherFilterJudgedHasToBeMadeAnew() throws {
        let draft = publishing(node("plaka"))
        published.setFilter(Self.noNodes)
        #expect(published.writes(for: [draft]) == nil)
        #expect(published.writes(for: [publishing(node("plaka"))]) == [.nothing])
    }

    @Test mutating func aJudgementOfARecordThatWasPublishedAgainIsForgotten() throws {
        try perform(publishing(node("plaka")))
        published.setFilter(Self.noNodes)
        let judgement = try judging(.node("plaka"))
        published.setFilter(.all)
        published.setFilter(Self.noNodes)
        #expect(published.writes(for: [judgement]) == nil)
        let late = try judging(.node("plaka"))
        try perform(publishing(node("plaka", label: "new")))
        #expect(published.writes(for: [late]) == [])
        _ = published.commit([late])
        #expect(published.published(.node("plaka"))?.record == node("plaka", label: "new"))
        #expect(try perform(withdrawing(.node("plaka"))) == [.nothing], "it was kept back when it was published again")
    }

    @Test func groupsKeepWithinATransaction() {
        let drafts = (0..<5).map { number in
            Draft(RecordKey.node("n\(number)"), of: athens, .withdraw)
        }
        func sizes(_ operations: Int, _ bytes: Int) -> [Int] {
            Draft.groups(drafts, maximumOperations: operations, maximumBytes: bytes).map(\.count)
        }
        let bytes = drafts[0].bytes
        #expect(sizes(128, 1_000) == [5])
        #expect(sizes(2, 1_000) == [2, 2, 1])
        #expect(sizes(128, 3 * bytes) == [3, 2])
        #expect(sizes(128, 1) == [1, 1, 1, 1, 1], "what is too large stands alone")
        #expect(sizes(0, 0) == [1, 1, 1, 1, 1])
        #expect(Draft.groups([], maximumOperations: 1, maximumBytes: 1).isEmpty)
    }
}
