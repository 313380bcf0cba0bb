import MeshCore
import Testing

@testable import MeshStore

@Suite struct StoreEngineRangeTests {
    /// a (created 2, version 3, last changed at 6), b (3, 2, 7), c (4, 1, 4), d (5, 1, 5); values are 3, 2, 1, 0.
    private func engine() throws -> StoreEngine {
        var engine = StoreEngine()
        for (key, value) in [("a", "x"), ("b", "x"), ("c", "1"), ("d", "0"), ("a", "y"), ("b", "2"), ("a", "3")] {
            _ = try engine.put(PutRequest(Key(key), Array(value.utf8)))
        }
        return engine
    }

    private func keys(
        _ change: (inout RangeRequest) -> Void = { _ in },
        in range: KeyRange = .all
    ) throws -> String {
        var request = RangeRequest(range)
        change(&request)
        return try engine().range(request).pairs.map(\.key.description).joined()
    }

    @Test func readsOneKeyAPrefixAnIntervalAndAll() throws {
        #expect(try keys(in: .key("b")) == "b")
        #expect(try keys(in: .key("x")) == "")
        #expect(try keys(in: .prefix("")) == "abcd")
        #expect(try keys(in: .interval("b", "d")) == "bc")
        #expect(try keys(in: .interval("d", "b")) == "")
        #expect(try keys(in: KeyRange(key: [0], rangeEnd: [0])) == "abcd")
        #expect(try keys(in: KeyRange(key: Array("c".utf8), rangeEnd: [0])) == "cd")
    }

    @Test func sortsByEveryTarget() throws {
        #expect(try keys { $0.sortOrder = .descending } == "dcba")
        for (target, ascending, descending) in [
            (RangeRequest.SortTarget.version, "cdba", "abcd"), (.createRevision, "abcd", "dcba"),
            (.modRevision, "cdba", "abdc"), (.value, "dcba", "abcd"),
        ] {
            #expect(try keys { ($0.sortTarget, $0.sortOrder) = (target, .ascending) } == ascending)
            #expect(try keys { ($0.sortTarget, $0.sortOrder) = (target, .descending) } == descending)
            #expect(try keys { $0.sortTarget = target } == ascending, "no order means ascending")
        }
    }

    @Test func cutsAfterSortingUnlessNoOrderIsGiven() throws {
        #expect(try keys { ($0.sortTarget, $0.sortOrder, $0.limit) = (.version, .ascending, 2) } == "cd")
        // etcd takes one key more than the limit, a, b and c, before it sorts.
        #expect(try keys { ($0.sortTarget, $0.limit) = (.version, 2) } == "cb")
        #expect(try keys { ($0.sortOrder, $0.limit) = (.descending, 3) } == "dcb")
    }

    @Test func filtersByRevisionsBeforeItCuts() throws {
        #expect(try keys { $0.minimumModRevision = 5 } == "abd")
        #expect(try keys { $0.maximumModRevision = 5 } == "cd")
        #expect(try keys { $0.minimumCreateRevision = 4 } == "cd")
        #expect(try keys { $0.maximumCreateRevision = 3 } == "ab")
        #expect(try keys { ($0.minimumModRevision, $0.maximumModRevision) = (5, 7) } == "bd")
        #expect(try keys { ($0.maximumModRevision, $0.limit) = (5, 1) } == "c")
    }

    @Test func countsAllKeysOfTheRangeWhateverIsFilteredOrCut() throws {
        var request = RangeRequest(.from("b"))
        (request.limit, request.minimumModRevision) = (1, 5)
        let answer = try engine().range(request)
        #expect(answer.pairs.map(\.key) == ["b"])
        #expect(answer.count == 3)
        #expect(answer.more)
        #expect(answer.revision == 8)
        request.countOnly = true
        #expect(try engine().range(request) == RangeAnswer(pairs: [], more: false, count: 3, revision: 8))
    }

    @Test func saysThatThereIsMoreOnlyWhenThereIs() throws {
        for (limit, more) in [(3, true), (4, false), (5, false), (0, false), (-1, false), (Int64.max, false)] {
            var request = RangeRequest(.all)
            request.limit = Int64(limit)
            #expect(try engine().range(request).more == more)
        }
    }

    @Test func leavesOutValuesWhenOnlyKeysAreWanted() throws {
        var request = RangeRequest(.key("a"))
        request.keysOnly = true
        let pair = try #require(try engine().range(request).pairs.first)
        #expect(pair.value.isEmpty)
        #expect((pair.createRevision, pair.modRevision, pair.version) == (2, 8, 3))
    }

    @Test func readsOldRevisionsAsTheyWere() throws {
        var engine = try engine()
        _ = try engine.delete(DeleteRequest(.key("b")))
        func at(_ revision: Revision) throws -> String {
            var request = RangeRequest(.all)
            request.revision = revision
            let answer = try engine.range(request)
            #expect(answer.count == Int64(answer.pairs.count))
            #expect(answer.revision == 9)
            return answer.pairs.map { "\($0.key)\(String(decoding: $0.value, as: UTF8.self))" }.joined(separator: " ")
        }
        #expect(try at(1) == "")
        #expect(try at(3) == "ax bx")
        #expect(try at(6) == "ay bx c1 d0")
        #expect(try at(8) == "a3 b2 c1 d0")
        #expect(try at(9) == "a3 c1 d0")
        #expect(try at(.none) == "a3 c1 d0")
        #expect(try at(-4) == "a3 c1 d0")
        #expect(throws: EtcdError.futureRevision) { try at(10) }
    }
}
