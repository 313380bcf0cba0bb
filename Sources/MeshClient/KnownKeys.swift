internal import MeshCore

/// What a reader has taken of a range: each key with the revision of its last change.
///
/// This is what a new listing is compared with. A listing has a number; a key that is met is marked with it, and what
/// has another mark at the end has vanished. A pair counts as unchanged if its `mod_revision` is the known one *and* its
/// fingerprint is: after a restore, the same revision may stand for another change.
struct KnownKeys {
    /// What is remembered of one key.
    struct Entry {
        var modRevision: Revision
        var fingerprint: Int
        var size: Int
        var listing: UInt32
    }

    /// How a listed pair compares with what was known.
    enum Comparison: Hashable {
        case added
        case changed
        case unchanged
        case refused
    }

    private var entries: [Key: Entry] = [:]
    private var listing: UInt32 = 0

    /// Keys that the budget refused, so that what is known is less than the range holds.
    private(set) var isIncomplete = false

    var count: Int { entries.count }

    /// The fingerprint of what is known of a key.
    func fingerprint(of key: Key) -> Int? { entries[key]?.fingerprint }

    /// The revision of the newest change; `nil` without keys. O(n).
    var newest: Revision? { entries.values.lazy.map(\.modRevision).max() }

    /// A number that differs for different pairs, but for an accident of 1 in 2⁶⁴; seeded anew in each process.
    static func fingerprint(_ pair: KeyValue) -> Int { pair.hashValue }

    /// Begins a listing: from here on every key counts as vanished until it is met.
    mutating func beginListing() {
        listing &+= 1
        isIncomplete = false
    }

    /// From here on the next listing tells of every key, changed or not. O(n).
    mutating func distrust() {
        for index in entries.values.indices { entries.values[index].modRevision = .none }
    }

    /// Meets a pair in the present listing.
    mutating func list(_ pair: KeyValue, _ key: Key, budget: inout FollowBudget) -> Comparison {
        let revision = pair.modRevision
        guard var entry = entries[key] else {
            return insert(pair, key, replacing: nil, budget: &budget) ? .added : .refused
        }
        if entry.modRevision == revision, entry.fingerprint == Self.fingerprint(pair) {
            entry.listing = listing
            entries[key] = entry
            return .unchanged
        }
        if insert(pair, key, replacing: entry.size, budget: &budget) { return .changed }
        // The key is still there; only its new value was refused.
        entry.listing = listing
        entries[key] = entry
        return .refused
    }

    /// Ends the listing and forgets the keys that it did not meet; answers them in order.
    mutating func endListing(budget: inout FollowBudget) -> [Key] {
        var vanished: [Key] = []
        for (key, entry) in entries where entry.listing != listing {
            vanished.append(key)
            budget.release(entry.size)
        }
        for key in vanished { entries[key] = nil }
        vanished.sort()
        return vanished
    }

    /// Takes a written pair; false if the budget refused it.
    mutating func put(_ pair: KeyValue, _ key: Key, budget: inout FollowBudget) -> Bool {
        insert(pair, key, replacing: entries[key]?.size, budget: &budget)
    }

    /// Forgets a deleted key; answers the fingerprint of what was known of it, `nil` if nothing was.
    mutating func delete(_ key: Key, budget: inout FollowBudget) -> Int? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        budget.release(entry.size)
        return entry.fingerprint
    }

    private mutating func insert(
        _ pair: KeyValue,
        _ key: Key,
        replacing replaced: Int?,
        budget: inout FollowBudget
    ) -> Bool {
        let size = pair.encoded.count
        guard budget.take(size, replacing: replaced) else {
            isIncomplete = true
            return false
        }
        entries[key] = Entry(
            modRevision: pair.modRevision,
            fingerprint: Self.fingerprint(pair),
            size: size,
            listing: listing
        )
        return true
    }
}
