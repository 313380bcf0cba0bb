import MeshCore

@testable import MeshStore

extension ModelStore {
    struct Lease {
        var ttl: Int64
        var deadline: Duration
    }

    /// - Parameter chosen: the number that a lease gets which asks for none.
    mutating func grant(_ request: LeaseGrantRequest, chosen: LeaseID?) throws(EtcdError) -> LeaseGrantAnswer {
        if request.ttl > 9_000_000_000 { throw .leaseTTLTooLarge }
        if leases[request.id.rawValue] != nil { throw .leaseExists }
        let id = request.id == .none ? chosen ?? .none : request.id
        let ttl = max(2, request.ttl)
        leases[id.rawValue] = Lease(ttl: ttl, deadline: now + .seconds(ttl))
        return LeaseGrantAnswer(revision: Revision(revision), id: id, ttl: ttl)
    }

    mutating func revoke(_ id: LeaseID) throws(EtcdError) -> Revision {
        if leases.removeValue(forKey: id.rawValue) == nil { throw .leaseNotFound }
        let keys = keys(on: id)
        for key in keys { _ = remove(.key(Key(key)), at: revision + 1) }
        if !keys.isEmpty { revision += 1 }
        return Revision(revision)
    }

    mutating func keepAlive(_ id: LeaseID) -> LeaseKeepAliveAnswer {
        var ttl: Int64 = 0
        if let lease = leases[id.rawValue], !isOver(lease) {
            ttl = lease.ttl
            leases[id.rawValue]?.deadline = now + .seconds(ttl)
        }
        return LeaseKeepAliveAnswer(revision: Revision(revision), id: id, ttl: ttl)
    }

    /// Ends what is over; each lease makes a revision of its own.
    mutating func expire() {
        let over = leases.filter { isOver($0.value) }
            .sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
        for (id, _) in over { _ = try? revoke(LeaseID(id)) }
    }

    mutating func setTimeRunning(_ isRunning: Bool) {
        isTimeRunning = isRunning
        guard isRunning else { return }
        for (id, lease) in leases { leases[id]?.deadline = now + .seconds(lease.ttl) }
    }

    func timeToLive(_ id: LeaseID) -> LeaseTimeToLiveAnswer {
        guard let lease = leases[id.rawValue] else {
            return LeaseTimeToLiveAnswer(revision: Revision(revision), id: id, ttl: -1)
        }
        return LeaseTimeToLiveAnswer(
            revision: Revision(revision),
            id: id,
            ttl: remaining(lease).components.seconds,
            grantedTTL: lease.ttl,
            keys: keys(on: id).map { Key($0) }
        )
    }

    func leaseList() -> [LeaseID] {
        leases.sorted { (remaining($0.value), $0.key) < (remaining($1.value), $1.key) }.map { LeaseID($0.key) }
    }

    private func isOver(_ lease: Lease) -> Bool { isTimeRunning && lease.deadline <= now }

    private func remaining(_ lease: Lease) -> Duration {
        isTimeRunning ? max(.zero, lease.deadline - now) : .seconds(lease.ttl)
    }

    private func keys(on id: LeaseID) -> [[UInt8]] {
        keys(in: .all).filter { pair($0, at: revision)?.lease == id }
    }
}
