import MeshCore
import MeshWire
import TestSupport

// Random requests about leases, and writes that are attached to them.

extension SplitMix64 {
    /// A lease that a history may know, or none.
    mutating func aLease(of known: [LeaseID]) -> LeaseID {
        switch Int.random(in: 0..<12, using: &self) {
        case 0: .none
        // Hardly anybody has granted this one.
        case 1: LeaseID(Int64.random(in: 1...Int64.max, using: &self))
        default: known.randomElement(using: &self) ?? LeaseID(1)
        }
    }

    /// A wish for a lease that outlives the test, or for one that cannot be granted.
    mutating func aGrant() -> LeaseGrantRequest {
        switch Int.random(in: 0..<10, using: &self) {
        case 0: LeaseGrantRequest(ttl: 9_000_000_001, id: LeaseID(Int64.random(in: 0...6, using: &self)))
        // The server chooses its number.
        case 1, 2: LeaseGrantRequest(ttl: aTTL())
        case 3: LeaseGrantRequest(ttl: aTTL(), id: LeaseID(-Int64.random(in: 1...3, using: &self)))
        default: LeaseGrantRequest(ttl: aTTL(), id: LeaseID(Int64.random(in: 1...6, using: &self)))
        }
    }

    private mutating func aTTL() -> Int64 { Int64.random(in: 1...5, using: &self) * 1_000 }

    mutating func aLeaseOperation(_ known: [LeaseID]) -> StoreOperation {
        switch Int.random(in: 0..<12, using: &self) {
        case 0..<5: .grant(aGrant())
        case 5, 6: .revoke(aLease(of: known))
        case 7: .keepAlive(aLease(of: known))
        case 8: .leases
        default: .timeToLive(LeaseTimeToLiveRequest(aLease(of: known), keys: flag()))
        }
    }

    /// The same write with some of its puts attached to leases, or keeping the one that the key has.
    mutating func attached(_ write: RandomWrite, to known: [LeaseID]) -> RandomWrite {
        switch write {
        case .put(let request): .put(attached(request, to: known))
        case .delete: write
        // etcd 3.4 dies of a transaction that deletes a key and then keeps its lease.
        case .transaction(let request): .transaction(attached(request, to: known, mayKeepLease: !request.deletes))
        }
    }

    private mutating func attached(
        _ request: PutRequest,
        to known: [LeaseID],
        mayKeepLease: Bool = true
    ) -> PutRequest {
        var request = request
        if flag() { request.lease = aLease(of: known) }
        if mayKeepLease, Int.random(in: 0..<8, using: &self) == 0 {
            // etcd refuses a lease beside it.
            request.ignoreLease = true
            if flag() { request.lease = .none }
        }
        return request
    }

    private mutating func attached(
        _ request: TransactionRequest,
        to known: [LeaseID],
        mayKeepLease: Bool
    ) -> TransactionRequest {
        var request = request
        for index in request.compares.indices {
            guard case .lease = request.compares[index].target else { continue }
            let lease = aLease(of: known)
            request.compares[index].target = .lease(lease)
            // Which of two numbers is the greater one is open where servers chose them.
            if abs(lease.rawValue) > 6 { request.compares[index].relation = flag() ? .equal : .notEqual }
        }
        for index in request.success.indices {
            request.success[index] = attached(request.success[index], to: known, mayKeepLease: mayKeepLease)
        }
        for index in request.failure.indices {
            request.failure[index] = attached(request.failure[index], to: known, mayKeepLease: mayKeepLease)
        }
        return request
    }

    private mutating func attached(
        _ step: TransactionRequest.Operation,
        to known: [LeaseID],
        mayKeepLease: Bool
    ) -> TransactionRequest.Operation {
        switch step {
        case .put(let request): .put(attached(request, to: known, mayKeepLease: mayKeepLease))
        case .transaction(let request): .transaction(attached(request, to: known, mayKeepLease: mayKeepLease))
        case .range, .delete: step
        }
    }

    /// A write that breaks a bound or a rule, for the error that it is answered with.
    mutating func aBrokenWrite() -> RandomWrite {
        switch Int.random(in: 0..<5, using: &self) {
        case 0: .put(PutRequest("", aValue()))
        case 1: .delete(DeleteRequest(.key("")))
        case 2: .put(PutRequest(aKey(), Array(repeating: 0, count: 1_600_000)))
        case 3:
            .transaction(
                TransactionRequest(
                    success: (0..<129).map { .put(PutRequest(Key("k/many/\($0)"), [])) },
                    failure: []
                )
            )
        default:
            .transaction(
                TransactionRequest(success: [.put(PutRequest("k/twice", [])), .put(PutRequest("k/twice", []))])
            )
        }
    }
}

extension TransactionRequest {
    /// Whether a step of it deletes anything.
    fileprivate var deletes: Bool {
        (success + failure).contains { step in
            switch step {
            case .delete: true
            case .transaction(let nested): nested.deletes
            case .range, .put: false
            }
        }
    }
}
