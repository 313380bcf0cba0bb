import ClusterMesh
import ClusterMeshTestKit
import Testing

@Suite struct WriteHistoryTests {
    private func pair(_ key: Key, _ value: String, created: Revision, at revision: Revision, version: Int64) -> KeyValue
    {
        KeyValue(key: key, createRevision: created, modRevision: revision, version: version, value: value.utf8)
    }

    @Test func putsCountTheirVersionsFromTheCreationOn() {
        var writes = WriteHistory()
        writes.record(at: 2, [.put("a", Array("1".utf8))])
        writes.record(at: 5, [.put("a", Array("2".utf8))])
        let first = pair("a", "1", created: 2, at: 2, version: 1)
        let second = pair("a", "2", created: 2, at: 5, version: 2)
        #expect(
            writes.events == [
                WatchEvent(kind: .put, pair: first), WatchEvent(kind: .put, pair: second, previous: first),
            ]
        )
    }

    @Test func aPutKeepsItsLease() {
        var writes = WriteHistory()
        writes.record(at: 2, [.put("a", [], lease: LeaseID(7))])
        #expect(writes.events.map(\.pair.lease) == [LeaseID(7)])
    }

    @Test func aRangeIsDeletedInTheOrderOfItsKeys() {
        var writes = WriteHistory()
        writes.record(at: 2, [.put("k/b", [2]), .put("k/a", [1]), .put("other", [3])])
        writes.record(at: 3, [.delete(.prefix("k/"))])
        let deleted = writes.events(from: 3, through: 3)
        #expect(deleted.map(\.kind) == [.delete, .delete])
        #expect(deleted.map(\.pair.key) == ["k/a", "k/b"])
        #expect(deleted.map(\.pair) == ["k/a", "k/b"].map { KeyValue.tombstone(key: $0, modRevision: 3) })
        #expect(deleted.map { Array($0.previous?.value ?? []) } == [[1], [2]])
    }

    @Test func deletingNothingIsNoEvent() {
        var writes = WriteHistory()
        writes.record(at: 2, [.put("a", []), .delete(.key("b"))])
        #expect(writes.events.count == 1)
    }

    @Test func aRecreatedKeyIsNewAndHasNoPreviousPair() {
        var writes = WriteHistory()
        writes.record(at: 2, [.put("a", [1])])
        writes.record(at: 3, [.delete(.key("a")), .put("a", [2])])
        let last = writes.events.last
        #expect(last?.isCreate == true)
        #expect(last?.pair.version == 1)
        #expect(last?.previous == nil)
    }

    @Test func thePreviousPairIsTheOneBeforeTheRevision() {
        var writes = WriteHistory()
        writes.record(at: 2, [.put("a", [1])])
        writes.record(at: 3, [.put("a", [2]), .put("a", [3])])
        #expect(writes.events.map { $0.previous?.modRevision } == [nil, 2, 2])
    }

    @Test func eventsAreFoundByTheirRevisions() {
        var writes = WriteHistory()
        for number in stride(from: Int64(2), through: 20, by: 3) {
            writes.record(at: Revision(number), [.put("a", []), .put("b", [])])
        }
        #expect(writes.events(from: .none, through: 100).count == 14)
        #expect(writes.events(from: 5, through: 8).map(\.revision) == [5, 5, 8, 8])
        #expect(writes.events(from: 6, through: 7).isEmpty)
        #expect(writes.events(from: 9, through: 3).isEmpty)
    }

    @Test func writesInTheWrongOrderAreAMistakeOfTheTest() async {
        await #expect(processExitsWith: .failure) {
            var writes = WriteHistory()
            writes.record(at: 3, [.put("a", [])])
            writes.record(at: 3, [.put("b", [])])
        }
    }
}
