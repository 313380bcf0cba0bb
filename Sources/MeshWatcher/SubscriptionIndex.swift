package import MeshCore

/// Which subscriptions a key belongs to, found without looking at the others.
///
/// Ranges of one key stand in a hash table, all others in a tree of intervals. What a subscription is, is the caller's:
/// here it is a number. Several may have the same range.
///
/// Complexity, with n subscriptions of which m match: insertion, removal and look-up O(log n) at most; a match O(1) for
/// the ranges of one key and O(log n + m log n) for the others. None depends on what peers choose: the table is seeded
/// anew in each process, the tree is balanced.
package struct SubscriptionIndex: Sendable {
    private struct Place: Sendable {
        let key: Key
        let id: Int
    }

    /// Subscriptions whose keys have the same hash: mostly one.
    private struct Bucket: Sendable {
        var first: Place
        var others: [Place] = []
    }

    private var keys: [Int: Bucket] = [:]
    private var intervals = IntervalTree()

    /// The number of subscriptions.
    package private(set) var count = 0

    /// An index of nothing.
    package init() {}

    /// Adds a subscription; `id` must not be in the index with the same range.
    package mutating func insert(_ range: KeyRange, id: Int) {
        count += 1
        switch range.end {
        case .single:
            let place = Place(key: range.lower, id: id)
            let hash = Self.hash(range.lower.bytes.span)
            if keys[hash]?.others.append(place) == nil { keys[hash] = Bucket(first: place) }
        case .before, .unbounded:
            intervals.insert(range, id: id)
        }
    }

    /// Removes a subscription, if it is there.
    package mutating func remove(_ range: KeyRange, id: Int) {
        let isRemoved =
            switch range.end {
            case .single: remove(range.lower, id: id)
            case .before, .unbounded: intervals.remove(range, id: id)
            }
        if isRemoved { count -= 1 }
    }

    private mutating func remove(_ key: Key, id: Int) -> Bool {
        let hash = Self.hash(key.bytes.span)
        guard var bucket = keys[hash] else { return false }
        if bucket.first.id == id, bucket.first.key == key {
            if let next = bucket.others.popLast() {
                bucket.first = next
                keys[hash] = bucket
            } else {
                keys[hash] = nil
            }
            return true
        }
        guard let place = bucket.others.firstIndex(where: { $0.id == id && $0.key == key }) else { return false }
        bucket.others.remove(at: place)
        keys[hash] = bucket
        return true
    }

    /// Appends the subscriptions whose ranges have the key, in no order, each once.
    package func match(_ key: Span<UInt8>, into found: inout [Int]) {
        if !keys.isEmpty { matchKey(key, into: &found) }
        intervals.match(key, into: &found)
    }

    /// Appends the subscriptions with exactly this range, in no order.
    package func find(_ range: KeyRange, into found: inout [Int]) {
        switch range.end {
        case .single: matchKey(range.lower.bytes.span, into: &found)
        case .before, .unbounded: intervals.find(range, into: &found)
        }
    }

    private func matchKey(_ key: Span<UInt8>, into found: inout [Int]) {
        guard let bucket = keys[Self.hash(key)] else { return }
        if Bytes.compare(bucket.first.key.bytes.span, key) == 0 { found.append(bucket.first.id) }
        for place in bucket.others where Bytes.compare(place.key.bytes.span, key) == 0 { found.append(place.id) }
    }

    /// The hash of a key's bytes, eight at a time; seeded, so that nobody outside can choose keys that collide.
    private static func hash(_ key: Span<UInt8>) -> Int {
        var hasher = Hasher()
        var word: UInt64 = 0
        for index in key.indices {
            word = word << 8 | UInt64(key[index])
            if index & 7 == 7 {
                hasher.combine(word)
                word = 0
            }
        }
        hasher.combine(word)
        hasher.combine(key.count)
        return hasher.finalize()
    }

    /// What is wrong with the index, in words; `nil` if nothing is. For tests.
    func brokenInvariant() -> String? { intervals.brokenInvariant() }
}
