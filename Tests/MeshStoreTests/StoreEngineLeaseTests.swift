import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct StoreEngineLeaseTests {
    private let one = LeaseID(1)
    private let two = LeaseID(2)

    /// An engine whose leases end, with leases 1 (10 s) and 2 (20 s).
    private func engine(_ configuration: KVStoreConfiguration = KVStoreConfiguration()) throws -> StoreEngine {
        var engine = StoreEngine(configuration: configuration)
        engine.leases.beginTime(at: .zero)
        _ = try grant(&engine, 10, one)
        _ = try grant(&engine, 20, two)
        return engine
    }

    private func grant(
        _ engine: inout StoreEngine,
        _ ttl: Int64,
        _ id: LeaseID = .none,
        now: Duration = .zero
    ) throws(EtcdError) -> LeaseGrantAnswer {
        var numbers = SplitMix64(seed: 1)
        return try engine.grantLease(LeaseGrantRequest(ttl: ttl, id: id), now: now, using: &numbers)
    }

    private func put(_ key: Key, _ lease: LeaseID = .none) -> PutRequest {
        var request = PutRequest(key, Array("v".utf8))
        request.lease = lease
        return request
    }

    private func keys(_ engine: StoreEngine, _ lease: LeaseID) -> [Key] {
        engine.timeToLive(of: lease, keys: true, now: .zero).keys
    }

    // MARK: - Granting

    @Test func grantsWhatIsAskedForWithinItsBounds() throws {
        var engine = StoreEngine()
        for (asked, granted) in [(-5, 2), (0, 2), (1, 2), (2, 2), (3, 3), (9_000_000_000, 9_000_000_000)]
            as [(
                Int64, Int64
            )]
        {
            #expect(try grant(&engine, asked).ttl == granted)
        }
        #expect(throws: EtcdError.leaseTTLTooLarge) { try grant(&engine, 9_000_000_001) }
        #expect(throws: EtcdError.leaseTTLTooLarge) { try grant(&engine, .max) }
        #expect(engine.revision == 1, "a lease makes no revision")
        #expect(engine.leases.count == 6)
    }

    @Test func grantsAtLeastAMinimumThatCanBeSet() throws {
        var configuration = KVStoreConfiguration()
        configuration.minimumLeaseTTL = 60
        var engine = StoreEngine(configuration: configuration)
        #expect(try grant(&engine, 5).ttl == 60)
        configuration.minimumLeaseTTL = -1
        engine = StoreEngine(configuration: configuration)
        #expect(try grant(&engine, 0).ttl == 1)
    }

    @Test func takesAnyNumberThatIsFree() throws {
        var engine = StoreEngine()
        #expect(try grant(&engine, 5, LeaseID(-7)).id == LeaseID(-7))
        #expect(try grant(&engine, 5, LeaseID(.max)).id == LeaseID(.max))
        #expect(throws: EtcdError.leaseExists) { try grant(&engine, 5, LeaseID(-7)) }
        // Of both faults, etcd answers with this one.
        #expect(throws: EtcdError.leaseTTLTooLarge) { try grant(&engine, .max, LeaseID(-7)) }
    }

    @Test func choosesAFreePositiveNumberWhereNoneIsAskedFor() throws {
        var engine = StoreEngine()
        // The same random numbers each time: the second one has to look further.
        let first = try grant(&engine, 5).id
        let second = try grant(&engine, 5).id
        #expect(first.rawValue > 0)
        #expect(second.rawValue > 0)
        #expect(first != second)
    }

    @Test func hasNoMoreLeasesThanItsBound() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumLeases = 2
        var engine = try engine(configuration)
        #expect(throws: EtcdError.noSpace) { try grant(&engine, 5) }
        _ = try engine.revokeLease(one)
        _ = try grant(&engine, 5)
    }

    // MARK: - Attaching

    @Test func aPutAttachesMovesAndDetachesItsKey() throws {
        var engine = try engine()
        _ = try engine.put(put("a", one))
        #expect(engine["a"]?.lease == one)
        #expect(keys(engine, one) == ["a"])
        _ = try engine.put(put("a", two))
        #expect(keys(engine, one) == [])
        #expect(keys(engine, two) == ["a"])
        _ = try engine.put(put("a"))
        #expect(engine["a"]?.lease == LeaseID.none)
        #expect(keys(engine, two) == [])
        _ = try engine.revokeLease(two)
        #expect(engine["a"] != nil)
    }

    @Test func aPutThatKeepsItsLeaseStaysAttached() throws {
        var engine = try engine()
        _ = try engine.put(put("a", one))
        var kept = put("a")
        kept.ignoreLease = true
        _ = try engine.put(kept)
        #expect(engine["a"]?.lease == one)
        #expect(engine["a"]?.version == 2)
        #expect(keys(engine, one) == ["a"])
        kept.lease = one
        #expect(throws: EtcdError.leaseProvided) { try engine.put(kept) }
        kept.lease = .none
        kept.key = "absent"
        #expect(throws: EtcdError.keyNotFound) { try engine.put(kept) }
        // Keeping the value is no reason to keep the lease.
        var value = PutRequest("a", [])
        value.ignoreValue = true
        _ = try engine.put(value)
        #expect(engine["a"]?.lease == LeaseID.none)
        #expect(keys(engine, one) == [])
    }

    @Test func aDeletedKeyIsDetachedAndItsNextLifeBeginsWithoutALease() throws {
        var engine = try engine()
        _ = try engine.put(put("a", one))
        _ = try engine.put(put("b", one))
        _ = try engine.delete(DeleteRequest(.key("a")))
        #expect(keys(engine, one) == ["b"])
        _ = try engine.put(put("a"))
        _ = try engine.revokeLease(one)
        #expect(engine["a"]?.version == 1)
        #expect(engine["b"] == nil)
    }

    @Test func refusesALeaseThatIsNotThereAndChangesNothing() throws {
        var engine = try engine()
        _ = try engine.revokeLease(one)
        #expect(throws: EtcdError.leaseNotFound) { try engine.put(put("a", one)) }
        #expect(engine.revision == 1)
    }

    @Test func ofTwoFaultsNamesTheOneThatEtcdNames() throws {
        var engine = try engine()
        var request = PutRequest("absent", [])
        request.ignoreValue = true
        request.lease = LeaseID(9)
        #expect(throws: EtcdError.leaseNotFound) { try engine.put(request) }
        #expect(throws: EtcdError.keyNotFound) {
            try engine.perform(TransactionRequest(success: [.put(request)]))
        }
    }

    @Test func aTransactionAttachesAndDetachesAsItsStepsSay() throws {
        var engine = try engine()
        _ = try engine.put(put("old", one))
        let nested = TransactionRequest(success: [.put(put("deep", two))])
        _ = try engine.perform(
            TransactionRequest(success: [
                .put(put("a", one)), .put(put("b", two)), .delete(DeleteRequest(.key("old"))), .transaction(nested),
            ])
        )
        #expect(engine.revision == 3)
        #expect(keys(engine, one) == ["a"])
        #expect(keys(engine, two) == ["b", "deep"])
        #expect(throws: EtcdError.leaseNotFound) {
            try engine.perform(TransactionRequest(success: [.put(put("c", one)), .put(put("d", LeaseID(9)))]))
        }
        #expect(keys(engine, one) == ["a"], "a refused transaction attaches nothing")
        // In the branch that is not taken, an unknown lease is nobody's fault.
        _ = try engine.perform(TransactionRequest(success: [], failure: [.put(put("d", LeaseID(9)))]))
    }

    @Test func aKeyDeletedAndWrittenInOneTransactionIsAttachedToItsNewLeaseOnly() throws {
        var engine = try engine()
        _ = try engine.put(put("a", one))
        _ = try engine.perform(TransactionRequest(success: [.delete(DeleteRequest(.all)), .put(put("a", two))]))
        #expect(keys(engine, one) == [])
        #expect(keys(engine, two) == ["a"])
    }

    @Test func conditionsSeeTheLease() throws {
        var engine = try engine()
        _ = try engine.put(put("a", two))
        #expect(engine.holds(Compare(.key("a"), .equal, .lease(two))))
        #expect(engine.holds(Compare(.key("a"), .greater, .lease(one))))
        #expect(!engine.holds(Compare(.key("a"), .equal, .lease(.none))))
    }

    // MARK: - Ending

    @Test func revokingDeletesTheKeysInTheirOrderInOneRevision() throws {
        var engine = try engine()
        for key in ["c", "a", "b"] as [Key] { _ = try engine.put(put(key, one)) }
        _ = try engine.put(put("d", two))
        #expect(try engine.revokeLease(one) == 6)
        var cursor = WatchCursor(.all, from: 6)
        guard case .events(let batch) = engine.step(&cursor, maximumEvents: 1, maximumBytes: 1) else {
            Issue.record("no events")
            return
        }
        #expect(batch.events.map(\.pair.key) == ["a", "b", "c"])
        #expect(batch.events.allSatisfy { $0.kind == .delete && $0.revision == 6 })
        #expect(engine.index.liveCount == 1)
        #expect(throws: EtcdError.leaseNotFound) { try engine.revokeLease(one) }
        #expect(throws: EtcdError.leaseNotFound) { try engine.revokeLease(.none) }
    }

    @Test func revokingALeaseWithoutKeysMakesNoRevision() throws {
        var engine = try engine()
        #expect(try engine.revokeLease(one) == 1)
        #expect(engine.revision == 1)
        #expect(engine.leases.count == 1)
    }

    @Test func aLeaseEndsOnlyOnceItsTimeIsOver() throws {
        var engine = try engine()
        _ = try engine.put(put("a", one))
        engine.expireLease(one, now: .seconds(9))
        #expect(engine["a"] != nil)
        #expect(engine.keepLeaseAlive(one, now: .seconds(9)).ttl == 10)
        engine.expireLease(one, now: .seconds(18))
        #expect(engine["a"] != nil)
        engine.expireLease(one, now: .seconds(19))
        #expect(engine["a"] == nil)
        #expect(engine.revision == 3)
        engine.expireLease(one, now: .seconds(19))
        #expect(engine.revision == 3)
    }

    @Test func answersForALeaseThatIsOverOrUnknownAsEtcdDoes() throws {
        var engine = try engine()
        #expect(engine.keepLeaseAlive(one, now: .seconds(10)) == LeaseKeepAliveAnswer(revision: 1, id: one, ttl: 0))
        #expect(engine.keepLeaseAlive(.none, now: .zero).ttl == 0)
        #expect(
            engine.timeToLive(of: LeaseID(9), keys: true, now: .zero)
                == LeaseTimeToLiveAnswer(revision: 1, id: LeaseID(9), ttl: -1)
        )
        // Over, but not gone yet.
        #expect(
            engine.timeToLive(of: one, keys: true, now: .seconds(11))
                == LeaseTimeToLiveAnswer(revision: 1, id: one, ttl: 0, grantedTTL: 10)
        )
        _ = try engine.put(put("a", one))
        #expect(keys(engine, one) == ["a"], "as long as it is there, keys can be attached to it")
    }

    @Test func tellsWholeSecondsThatAreLeft() throws {
        var engine = try engine()
        for key in ["b", "a"] as [Key] { _ = try engine.put(put(key, one)) }
        let answer = engine.timeToLive(of: one, keys: true, now: .milliseconds(3_001))
        #expect(
            answer == LeaseTimeToLiveAnswer(revision: 3, id: one, ttl: 6, grantedTTL: 10, keys: ["a", "b"])
        )
        #expect(engine.timeToLive(of: one, keys: false, now: .zero).keys == [])
        #expect(engine.leaseList(now: .zero) == LeaseListAnswer(revision: 3, leases: [one, two]))
        _ = engine.keepLeaseAlive(one, now: .seconds(9))
        _ = engine.keepLeaseAlive(one, now: .seconds(18))
        #expect(engine.leaseList(now: .seconds(18)).leases == [two, one])
    }

    @Test func aCopyOfTheStateKeepsItsLeases() throws {
        var engine = try engine()
        _ = try engine.put(put("a", one))
        let before = engine
        _ = try engine.put(put("b", one))
        _ = try engine.revokeLease(two)
        #expect(keys(before, one) == ["a"])
        #expect(before.leases.contains(two))
        #expect(!before.isSameState(as: engine))
        let granted = engine
        _ = try grant(&engine, 5)
        #expect(!granted.isSameState(as: engine), "not even where no revision was made")
    }

    @Test func aPutOnALeaseOfManyKeysCostsAsMuchAsOnOneOfFew() throws {
        // Copies are kept, as readers keep them, so that whatever a put changes is copied before.
        func cost(with keys: Int) throws -> Duration {
            var engine = try engine()
            for number in 0..<keys { _ = try engine.put(put("key/\(number)", one)) }
            var best = Duration.seconds(1_000)
            for _ in 0..<5 {
                let time = try ContinuousClock().measure {
                    for number in 0..<200 {
                        let copy = engine
                        _ = try engine.put(put("more/\(number)", number % 2 == 0 ? one : two))
                        _ = try engine.put(put("more/\(number)", number % 2 == 0 ? two : one))
                        #expect(copy.revision < engine.revision)
                    }
                }
                best = min(best, time)
            }
            return best
        }
        let few = try cost(with: 100)
        let many = try cost(with: 20_000)
        #expect(many < few * 20, "two hundred times the keys")
    }
}
