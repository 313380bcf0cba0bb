internal import MeshCore

/// What a reader has taken of a range: each key with the revision of its last change.
///
/// This is what a new listing is compared with. A listing has a number; a key that is met is marked with it, and what
/// has another mark at the end has vanished. A pair counts as unchanged if its `mod_revision` is the known one *and* its
/// fingerprint is: after a restore, the same revision may stand for another change.
///
/// All keys must be of the range.
struct KnownKeys {
    /// What is remembered of one key.
    private struct Entry {
        var modRevision: Revision
        var fingerprint: Int
        var size: UInt32
        var listing: UInt32
    }

    /// How a listed pair compares with what was known.
    enum Comparison: Hashable {
        case added
        case changed
        case unchanged
        case refused
    }

    /// What all keys begin with.
    private let prefix: [UInt8]
    private var entries: [KeyTail: Entry] = [:]
    private var listing: UInt32 = 0

    /// Keys that the budget refused, so that what is known is less than the range holds.
    private(set) var isIncomplete = false

    /// Knows nothing yet of a range.
    init(of range: KeyRange) {
        prefix = range.sharedPrefix.bytes
    }

    var count: Int { entries.count }

    /// The fingerprint of what is known of a key.
    func fingerprint(of key: Key) -> Int? { entries[tail(key.bytes[...])]?.fingerprint }

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
    mutating func list(_ pair: KeyValue, budget: inout FollowBudget) -> Comparison {
        let tail = tail(pair.keyBytes)
        guard let index = entries.index(forKey: tail) else {
            guard let entry = take(pair, replacing: nil, &budget) else { return .refused }
            entries[tail] = entry
            return .added
        }
        let known = entries.values[index]
        if known.modRevision == pair.modRevision, known.fingerprint == Self.fingerprint(pair) {
            entries.values[index].listing = listing
            return .unchanged
        }
        guard let entry = take(pair, replacing: Int(known.size), &budget) else {
            // The key is still there; only its new value was refused.
            entries.values[index].listing = listing
            return .refused
        }
        entries.values[index] = entry
        return .changed
    }

    /// Ends the listing and forgets the keys that it did not meet; answers them in order.
    mutating func endListing(budget: inout FollowBudget) -> [Key] {
        var vanished: [(key: Key, tail: KeyTail)] = []
        for (tail, entry) in entries where entry.listing != listing {
            vanished.append((Key(prefix + tail.bytes), tail))
            budget.release(Int(entry.size))
        }
        for (_, tail) in vanished { entries[tail] = nil }
        return vanished.map(\.key).sorted()
    }

    /// Takes a written pair; answers its fingerprint, `nil` if the budget refused it.
    mutating func put(_ pair: KeyValue, budget: inout FollowBudget) -> Int? {
        let tail = tail(pair.keyBytes)
        let index = entries.index(forKey: tail)
        let replaced = index.map { Int(entries.values[$0].size) }
        guard let entry = take(pair, replacing: replaced, &budget) else { return nil }
        if let index { entries.values[index] = entry } else { entries[tail] = entry }
        return entry.fingerprint
    }

    /// Forgets a deleted key; answers the fingerprint of what was known of it, `nil` if nothing was.
    mutating func delete(_ pair: KeyValue, budget: inout FollowBudget) -> Int? {
        guard let entry = entries.removeValue(forKey: tail(pair.keyBytes)) else { return nil }
        budget.release(Int(entry.size))
        return entry.fingerprint
    }

    private func tail(_ key: ArraySlice<UInt8>) -> KeyTail { KeyTail(key, behind: prefix.count) }

    /// What is to be remembered of a pair; `nil` if the budget has no room for it.
    private mutating func take(_ pair: KeyValue, replacing replaced: Int?, _ budget: inout FollowBudget) -> Entry? {
        let size = UInt32(clamping: pair.encoded.count)
        guard budget.take(Int(size), replacing: replaced) else {
            isIncomplete = true
            return nil
        }
        return Entry(
            modRevision: pair.modRevision,
            fingerprint: Self.fingerprint(pair),
            size: size,
            listing: listing
        )
    }
}
