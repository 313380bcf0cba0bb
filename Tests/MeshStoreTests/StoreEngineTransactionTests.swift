import MeshCore
import Testing

@testable import MeshStore

@Suite struct StoreEngineTransactionTests {
    typealias Operation = TransactionRequest.Operation

    private func put(_ key: Key, _ value: String = "new") -> Operation { .put(PutRequest(key, Array(value.utf8))) }

    private func delete(_ range: KeyRange) -> Operation { .delete(DeleteRequest(range)) }

    private func nested(_ success: [Operation], _ failure: [Operation] = [], if compares: [Compare] = []) -> Operation {
        .transaction(TransactionRequest(compares: compares, success: success, failure: failure))
    }

    private func engine() throws -> StoreEngine {
        var engine = StoreEngine()
        _ = try engine.put(PutRequest("a", Array("1".utf8)))
        _ = try engine.put(PutRequest("b", Array("2".utf8)))
        return engine
    }

    @Test func comparesEveryTargetWithEveryRelation() throws {
        let engine = try engine()
        func holding(_ range: KeyRange, _ targets: [Compare.Target]) -> String {
            targets.map { target in
                [("<", Compare.Relation.less), ("=", .equal), (">", .greater), ("≠", .notEqual)]
                    .filter { engine.holds(Compare(range, $0.1, target)) }.map(\.0).joined()
            }.joined(separator: " ")
        }
        #expect(holding(.key("b"), [.version(0), .version(1), .version(2)]) == ">≠ = <≠")
        #expect(holding(.key("b"), [.createRevision(2), .createRevision(3), .createRevision(4)]) == ">≠ = <≠")
        #expect(holding(.key("b"), [.modRevision(2), .modRevision(3), .modRevision(4)]) == ">≠ = <≠")
        #expect(holding(.key("b"), [.lease(.none), .lease(LeaseID(1))]) == "= <≠")
        #expect(holding(.key("b"), [.value(Array("1".utf8)), .value(Array("2".utf8)), .value([])]) == ">≠ = >≠")
        // A key that does not exist has zeros, and no value at all.
        #expect(holding(.key("x"), [.version(0), .createRevision(0), .modRevision(0), .lease(.none)]) == "= = = =")
        #expect(holding(.key("x"), [.value([]), .value([1])]) == " ")
        // All keys of a range have to agree; a range without keys is as one absent key.
        #expect(holding(.all, [.version(1), .modRevision(2), .modRevision(1)]) == "=  >≠")
        #expect(holding(.prefix("x"), [.version(0), .value([])]) == "= ")
    }

    @Test func laterStepsSeeEarlierOnesInOneRevision() throws {
        var engine = try engine()
        var readAll = RangeRequest(.all)
        readAll.keysOnly = true
        let answer = try engine.perform(
            TransactionRequest(success: [
                .range(readAll), put("c"), .range(readAll), delete(.key("a")), nested([.range(readAll)]),
            ])
        )
        #expect(answer.revision == 4)
        #expect(engine.revision == 4)
        guard case .range(let first) = answer.answers[0], case .put(let put) = answer.answers[1],
            case .range(let second) = answer.answers[2], case .delete(let deleted) = answer.answers[3],
            case .transaction(let inner) = answer.answers[4], case .range(let third) = inner.answers[0]
        else {
            Issue.record("answers do not fit their steps: \(answer)")
            return
        }
        #expect(first.pairs.map(\.key) == ["a", "b"])
        #expect(first.revision == 3, "before the first change, now is the revision before the transaction")
        #expect(put.revision == 4)
        #expect(second.pairs.map(\.key) == ["a", "b", "c"])
        #expect(second.revision == 4)
        #expect(deleted == DeleteAnswer(revision: 4, deleted: 1))
        #expect(third.pairs.map(\.key) == ["b", "c"])
        #expect(inner.revision == .none)
        let events = engine.history
        #expect((2...3).map { events[$0].revision } == [4, 4])
        #expect((2...3).map { events[$0].pair.key } == ["c", "a"], "in the order of the steps")
    }

    @Test func decidesNestedConditionsOnTheStateBeforeTheTransaction() throws {
        var engine = try engine()
        let isNew = Compare(.key("c"), .equal, .version(0))
        let answer = try engine.perform(
            TransactionRequest(success: [put("c"), nested([put("then")], [put("else")], if: [isNew])])
        )
        #expect(answer.succeeded)
        #expect(engine["then"] != nil)
        #expect(engine["else"] == nil)
    }

    @Test func doesTheFailureBranchWhenAConditionDoesNotHold() throws {
        var engine = try engine()
        let request = TransactionRequest(
            compares: [Compare(.key("a"), .equal, .version(1)), Compare(.key("b"), .equal, .version(9))],
            success: [put("then")],
            failure: [put("else")]
        )
        #expect(try engine.perform(request).succeeded == false)
        #expect(engine["then"] == nil)
        #expect(engine["else"]?.modRevision == 4)
    }

    @Test func changesNothingWhenOneStepMayNotBeDone() throws {
        var engine = try engine()
        _ = try engine.put(PutRequest("b", []))
        try engine.compact(to: 3)
        var future = RangeRequest(.all)
        future.revision = 5
        var compacted = RangeRequest(.all)
        compacted.revision = 2
        var leased = PutRequest("c", [])
        leased.lease = LeaseID(9)
        var kept = PutRequest("absent", [])
        kept.ignoreValue = true
        for (step, error) in [
            (.range(future), EtcdError.futureRevision), (.range(compacted), .compacted),
            (.put(leased), .leaseNotFound), (.put(kept), .keyNotFound), (put(""), .emptyKey),
            (delete(.key("")), .emptyKey), (.range(RangeRequest(.key(""))), .emptyKey),
        ] as [(Operation, EtcdError)] {
            #expect(throws: error) { try engine.perform(TransactionRequest(success: [put("x"), step])) }
            #expect(throws: error) { try engine.perform(TransactionRequest(success: [put("x"), nested([step])])) }
        }
        #expect(throws: EtcdError.emptyKey) {
            try engine.perform(TransactionRequest(compares: [Compare(.key(""), .equal, .version(0))], success: []))
        }
        #expect(engine.revision == 4)
        #expect(engine["x"] == nil)
        // In the branch that is not taken, only what is wrong by itself counts.
        _ = try engine.perform(TransactionRequest(success: [put("x")], failure: [.range(future), .put(leased)]))
    }

    @Test func refusesToTouchAKeyTwiceAsEtcdDoes() throws {
        let refused: [[Operation]] = [
            [put("k"), put("k")],
            [put("k"), delete(.key("k"))],
            [delete(.prefix("k")), put("key")],
            [put("k"), nested([put("k")])],
            [nested([put("k")]), nested([], [put("k")])],
            [delete(.prefix("k")), nested([put("k")])],
            [nested([delete(.key("k"))]), put("k")],
            [nested([delete(.key("k"))]), nested([put("k")])],
            [nested([nested([put("k")])]), put("k")],
        ]
        for branch in refused {
            var engine = try engine()
            #expect(throws: EtcdError.duplicateKey) { try engine.perform(TransactionRequest(success: branch)) }
            #expect(throws: EtcdError.duplicateKey) {
                try engine.perform(TransactionRequest(success: [], failure: branch))
            }
            #expect(engine.revision == 3)
        }
        let allowed: [[Operation]] = [
            [put("k"), put("l"), delete(.key("m"))],
            [delete(.key("k")), delete(.all)],
            // etcd takes a deletion without an end for one of nothing.
            [delete(.all), put("k")],
            [put("k"), delete(.from("a"))],
            [delete(.interval("k", "l")), put("l")],
            [nested([put("k")], [put("k")])],
            [put("k"), .range(RangeRequest(.all))],
        ]
        for branch in allowed {
            var engine = try engine()
            _ = try engine.perform(TransactionRequest(success: branch))
        }
    }

    @Test func aKeyWrittenAndDeletedInOneRevisionIsGoneAndWasNeverSeenBefore() throws {
        // etcd's rule has this gap: a put in a nested transaction, a deletion in a later one beside it.
        var engine = try engine()
        let request = TransactionRequest(success: [nested([put("a", "9")]), nested([delete(.key("a"))])])
        #expect(try engine.perform(request).revision == 4)
        #expect(engine["a"] == nil)
        var options = WatchOptions()
        options.previousPairs = true
        var cursor = WatchCursor(.key("a"), from: 4, options: options)
        guard case .events(let batch) = engine.step(&cursor, maximumEvents: 9, maximumBytes: 999) else {
            Issue.record("no events")
            return
        }
        #expect(batch.events.map(\.kind) == [.put, .delete])
        let before = Array("1".utf8)
        #expect(batch.events.map { Array($0.previous?.value ?? []) } == [before, before])
        var old = RangeRequest(.key("a"))
        old.revision = 3
        #expect(try engine.range(old).pairs.map { Array($0.value) } == [before])
    }

    @Test func aKeyDeletedAndWrittenInOneRevisionBeginsANewLife() throws {
        var engine = try engine()
        _ = try engine.put(PutRequest("a", Array("2".utf8)))
        _ = try engine.perform(TransactionRequest(success: [delete(.all), put("a", "3")]))
        let pair = try #require(engine["a"])
        #expect((pair.createRevision, pair.modRevision, pair.version) == (5, 5, 1))
        #expect(engine.index.liveCount == 1)
        var options = WatchOptions()
        options.previousPairs = true
        var cursor = WatchCursor(.key("a"), from: 5, options: options)
        guard case .events(let batch) = engine.step(&cursor, maximumEvents: 9, maximumBytes: 999) else {
            Issue.record("no events")
            return
        }
        #expect(batch.events.map(\.kind) == [.delete, .put])
        // As etcd has it: what is created has nothing before it, though the same revision deleted something.
        #expect(batch.events.map { $0.previous.map { Array($0.value) } } == [Array("2".utf8), nil])
    }

    @Test func boundsOperationsByTheLongestListOfEachLevel() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumTransactionOperations = 4
        var engine = StoreEngine(configuration: configuration)
        let four = (0..<4).map { put("k\($0)") }
        _ = try engine.perform(TransactionRequest(success: four, failure: four))
        #expect(throws: EtcdError.tooManyOperations) {
            try engine.perform(TransactionRequest(success: four + [put("l")]))
        }
        #expect(throws: EtcdError.tooManyOperations) {
            let compare = Compare(.key("k"), .equal, .version(0))
            return try engine.perform(TransactionRequest(compares: Array(repeating: compare, count: 5), success: []))
        }
        // One of four is taken by the nesting itself: three are left.
        _ = try engine.perform(TransactionRequest(success: [nested(Array(four[..<3]))]))
        #expect(throws: EtcdError.tooManyOperations) {
            try engine.perform(TransactionRequest(success: [nested(four)]))
        }
    }

    @Test func isNoDeeperThanItsOperationsAllow() throws {
        var engine = StoreEngine()
        var request = TransactionRequest(success: [put("k")])
        for _ in 0..<127 { request = TransactionRequest(success: [.transaction(request)]) }
        #expect(try engine.perform(request).revision == 2)
        request = TransactionRequest(success: [.transaction(request)])
        #expect(throws: EtcdError.tooManyOperations) { try engine.perform(request) }
    }

    @Test func checksManyKeysAgainstManyRangesInTime() throws {
        // 60,000 puts against 60,000 deletions: pair by pair these would be 3.6 billion comparisons.
        var configuration = KVStoreConfiguration()
        configuration.maximumTransactionOperations = 200_000
        configuration.maximumRequestBytes = 100_000_000
        let engine = StoreEngine(configuration: configuration)
        let branch = (0..<60_000).flatMap { [put("put/\($0)", ""), delete(.key("delete/\($0)"))] }
        let request = TransactionRequest(success: branch)
        try request.checkShape(operations: engine.configuration.maximumTransactionOperations)
        let clock = ContinuousClock()
        let time = try clock.measure { try request.checkDuplicateKeys() }
        #expect(time < .seconds(30))
    }

    @Test func keepsValueOrLeaseWhereAskedTo() throws {
        var engine = try engine()
        var request = PutRequest("a", [])
        request.ignoreValue = true
        request.previousPair = true
        let answer = try engine.put(request)
        #expect(answer.previous?.version == 1)
        #expect(engine["a"]?.version == 2)
        #expect(engine["a"].map { Array($0.value) } == Array("1".utf8))
        request.value = [1]
        #expect(throws: EtcdError.valueProvided) { try engine.put(request) }
        request.value = []
        request.ignoreLease = true
        _ = try engine.put(request)
        request.lease = LeaseID(1)
        #expect(throws: EtcdError.leaseProvided) { try engine.put(request) }
    }
}
