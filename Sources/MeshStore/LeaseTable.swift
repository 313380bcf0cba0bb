internal import HashTreeCollections
internal import MeshCore

/// The leases of a store, the keys attached to each, and the order in which they end.
///
/// Copies cost O(1), like those of all parts of a `StoreEngine`. Which lease a key is attached to stands in its pair;
/// here is only the way back.
///
/// Time runs for leases only while somebody looks at it, between ``beginTime(at:)`` and ``endTime()``: before that
/// nobody could act on their end. When it begins, every lease has its whole time again, as in etcd when a member
/// becomes the leader.
///
/// A lease stands in the slot of the second in which it would end had it not been kept alive since it was put there;
/// when that second comes, it moves to the slot where it belongs by then. So keeping a lease alive moves nothing, and
/// each lease moves at most once in its time to live.
///
/// Complexity: everything that is done to one lease or one key is O(log n).
struct LeaseTable: Sendable {
    private struct Lease: Sendable {
        let ttl: Int64
        var deadline: Duration
        var slot: Int64
        var keys: TreeSet<Key> = []
    }

    private var leases: TreeDictionary<LeaseID, Lease> = [:]
    private var slots: TreeDictionary<Int64, TreeSet<LeaseID>> = [:]
    /// No slot before this one has a lease in it.
    private var firstSlot: Int64 = 0
    /// How many are looking at the time.
    private var observers = 0

    /// Grows with every change, so that two states can be told apart in O(1).
    private(set) var changes = 0

    var count: Int { leases.count }

    var isEmpty: Bool { leases.isEmpty }

    func contains(_ id: LeaseID) -> Bool { leases[id] != nil }

    /// The seconds that a lease was granted.
    func ttl(of id: LeaseID) -> Int64? { leases[id]?.ttl }

    /// The keys attached to a lease, in their order. O(k log k).
    func keys(of id: LeaseID) -> [Key] { leases[id]?.keys.sorted() ?? [] }

    // MARK: - Changing

    /// Adds a lease that is not there yet.
    mutating func insert(_ id: LeaseID, ttl: Int64, now: Duration) {
        changes += 1
        let deadline = now + .seconds(ttl)
        leases[id] = Lease(ttl: ttl, deadline: deadline, slot: Self.slot(of: deadline))
        enqueue(id, in: Self.slot(of: deadline))
    }

    /// Removes a lease and returns its keys in their order; `nil` if there is no such lease.
    mutating func remove(_ id: LeaseID) -> [Key]? {
        guard let lease = leases.removeValue(forKey: id) else { return nil }
        changes += 1
        dequeue(id, from: lease.slot)
        return lease.keys.sorted()
    }

    /// Gives a lease its whole time again and returns it in seconds; `nil` if there is no such lease or its time is over.
    mutating func renew(_ id: LeaseID, now: Duration) -> Int64? {
        guard let lease = leases[id], !isOver(lease, at: now) else { return nil }
        changes += 1
        // Who looked at the clock a moment earlier may come a moment later.
        leases[id]?.deadline = max(lease.deadline, now + .seconds(lease.ttl))
        return lease.ttl
    }

    /// Attaches a key to another lease than before. What is not there takes no part: ``LeaseID/none``, or a lease that
    /// is just being removed with its keys.
    mutating func move(_ key: Key, from old: LeaseID, to new: LeaseID) {
        guard old != new else { return }
        changes += 1
        // Through the optional, so that the set is changed where it stands.
        if old != .none { leases[old]?.keys.remove(key) }
        if new != .none { leases[new]?.keys.insert(key) }
    }

    // MARK: - Time

    /// Whether the time of a lease is over, so that it has to go; false for one that is not there.
    func isOver(_ id: LeaseID, at now: Duration) -> Bool {
        guard let lease = leases[id] else { return false }
        return isOver(lease, at: now)
    }

    private func isOver(_ lease: Lease, at now: Duration) -> Bool { observers > 0 && lease.deadline <= now }

    /// What is left of a lease's time; `nil` if there is no such lease.
    func remaining(of id: LeaseID, at now: Duration) -> Duration? {
        leases[id].map { remaining(of: $0, at: now) }
    }

    private func remaining(of lease: Lease, at now: Duration) -> Duration {
        observers > 0 ? max(.zero, lease.deadline - now) : .seconds(lease.ttl)
    }

    /// All leases, the one with the least time left first, then by number. O(n log n).
    func byRemainingTime(at now: Duration) -> [LeaseID] {
        leases.map { (remaining: remaining(of: $0.value, at: now), id: $0.key) }
            .sorted { ($0.remaining, $0.id.rawValue) < ($1.remaining, $1.id.rawValue) }
            .map(\.id)
    }

    /// Lets time run. If it stood still, every lease has its whole time from now on. O(n).
    mutating func beginTime(at now: Duration) {
        observers += 1
        guard observers == 1 else { return }
        changes += 1
        slots = [:]
        firstSlot = Self.slot(of: now)
        for (id, lease) in leases {
            let deadline = now + .seconds(lease.ttl)
            leases[id]?.deadline = deadline
            leases[id]?.slot = Self.slot(of: deadline)
            enqueue(id, in: Self.slot(of: deadline))
        }
    }

    /// Takes back one ``beginTime(at:)``; with the last one, time stands still.
    mutating func endTime() {
        observers -= 1
        changes += 1
    }

    /// The leases whose time is over, the one that ended first first; they stay in the table.
    ///
    /// O(s log s), with s the number of leases in the slots that time has reached.
    mutating func overdue(at now: Duration) -> [LeaseID] {
        guard observers > 0 else { return [] }
        let current = Self.slot(of: now)
        var found: [LeaseID] = []
        var slot = firstSlot
        while let reached = nextSlot(from: slot, through: current) {
            var over: [(deadline: Duration, id: LeaseID)] = []
            for id in slots[reached] ?? [] {
                guard let lease = leases[id] else { continue }
                if Self.slot(of: lease.deadline) > reached {
                    moveOn(id, lease)
                } else if isOver(lease, at: now) {
                    over.append((lease.deadline, id))
                }
            }
            over.sort { ($0.deadline, $0.id.rawValue) < ($1.deadline, $1.id.rawValue) }
            found += over.map(\.id)
            slot = reached + 1
        }
        firstSlot = nextSlot(from: firstSlot, through: current) ?? max(firstSlot, current)
        return found
    }

    private mutating func moveOn(_ id: LeaseID, _ lease: Lease) {
        changes += 1
        dequeue(id, from: lease.slot)
        let slot = Self.slot(of: lease.deadline)
        leases[id]?.slot = slot
        enqueue(id, in: slot)
    }

    /// The first slot with a lease in it, from one through another.
    private func nextSlot(from first: Int64, through last: Int64) -> Int64? {
        guard first <= last, !slots.isEmpty else { return nil }
        // After a long time without a look there are more seconds to pass over than slots to look at.
        if last - first > slots.count { return slots.keys.filter { $0 >= first && $0 <= last }.min() }
        return (first...last).first { slots[$0] != nil }
    }

    private static func slot(of time: Duration) -> Int64 { time.components.seconds }

    private mutating func enqueue(_ id: LeaseID, in slot: Int64) {
        slots[slot, default: []].insert(id)
        firstSlot = min(firstSlot, slot)
    }

    private mutating func dequeue(_ id: LeaseID, from slot: Int64) {
        slots[slot]?.remove(id)
        if slots[slot]?.isEmpty == true { slots[slot] = nil }
    }
}

// MARK: - Invariants

extension LeaseTable {
    /// What is wrong with the table, in words; `nil` if nothing is. Tests call it after the changes they make.
    func brokenInvariant() -> String? {
        var queued = 0
        for (slot, ids) in slots {
            if ids.isEmpty { return "slot \(slot) is empty" }
            if slot < firstSlot { return "slot \(slot) is before the first one, \(firstSlot)" }
            for id in ids {
                guard let lease = leases[id] else { return "lease \(id) ends, but is not there" }
                if lease.slot != slot { return "lease \(id) of slot \(lease.slot) is in slot \(slot)" }
                if Self.slot(of: lease.deadline) < slot { return "lease \(id) ends before its slot" }
                queued += 1
            }
        }
        return queued == leases.count ? nil : "\(leases.count) leases, but \(queued) of them end"
    }
}
