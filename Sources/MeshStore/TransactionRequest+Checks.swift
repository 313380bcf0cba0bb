internal import MeshCore

// What can be said about a transaction without looking at a store.

extension TransactionRequest {
    /// Whether it has nothing but reads. etcd, and so this, does not look into nested transactions for that.
    var isReadOnly: Bool {
        [success, failure].joined().allSatisfy { operation in
            switch operation {
            case .range: true
            case .put, .delete, .transaction: false
            }
        }
    }

    /// Refuses empty keys, contradictory puts, and more than `operations` operations.
    ///
    /// A transaction weighs as much as the longest of its three lists; one nested in it has what that leaves over. So
    /// nesting is no deeper than `operations`.
    func checkShape(operations: Int) throws(EtcdError) {
        let weight = max(compares.count, success.count, failure.count)
        guard weight <= operations else { throw .tooManyOperations }
        for compare in compares where compare.range.lower.isEmpty { throw .emptyKey }
        for branch in [success, failure] {
            for operation in branch {
                switch operation {
                case .range(let range): try range.checkShape()
                case .put(let put): try put.checkShape()
                case .delete(let delete): try delete.checkShape()
                case .transaction(let nested): try nested.checkShape(operations: operations - weight)
                }
            }
        }
    }

    /// Refuses a transaction that may write a key twice, or write a key that it also deletes.
    ///
    /// The rules are etcd's, with their two gaps, by both of which a key can be written and deleted in one revision: a
    /// put in a nested transaction and a deletion in a later nested one beside it are not seen, and a deletion without
    /// an end (`range_end` a zero byte) counts as deleting nothing.
    func checkDuplicateKeys() throws(EtcdError) {
        _ = try TouchedKeys(success)
        _ = try TouchedKeys(failure)
    }
}

/// The keys that one branch of a transaction may write or delete, those of nested transactions included.
private struct TouchedKeys {
    var puts: Set<Key> = []
    var deletes = RangeUnion()

    init(_ branch: [TransactionRequest.Operation]) throws(EtcdError) {
        deletes.add(
            branch.compactMap { operation in
                if case .delete(let delete) = operation, delete.range.end != .unbounded { delete.range } else { nil }
            }
        )
        for case .transaction(let nested) in branch {
            let success = try TouchedKeys(nested.success)
            let failure = try TouchedKeys(nested.failure)
            // Only one of the two branches will be done: they may write the same key.
            for key in success.puts.union(failure.puts) { try insert(key) }
            deletes.add(success.deletes.ranges + failure.deletes.ranges)
        }
        for case .put(let put) in branch { try insert(put.key) }
    }

    private mutating func insert(_ key: Key) throws(EtcdError) {
        guard !deletes.contains(key), puts.insert(key).inserted else { throw .duplicateKey }
    }
}

/// A set of keys as the union of ranges, kept as disjoint ranges in order, so that a key is found in O(log n).
struct RangeUnion {
    private(set) var ranges: [KeyRange] = []

    /// Adds ranges; O(n log n).
    mutating func add(_ added: [KeyRange]) {
        if added.isEmpty { return }
        var merged: [KeyRange] = []
        for range in (ranges + added).sorted(by: { $0.lower < $1.lower }) where !range.isEmpty {
            guard let last = merged.last else {
                merged.append(range)
                continue
            }
            guard let end = last.exclusiveEnd else { break }
            if end < range.lower {
                merged.append(range)
            } else if let newEnd = range.exclusiveEnd {
                merged[merged.count - 1] = .interval(last.lower, max(end, newEnd))
            } else {
                merged[merged.count - 1] = .from(last.lower)
            }
        }
        ranges = merged
    }

    func contains(_ key: Key) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) >> 1
            if ranges[middle].lower <= key { low = middle + 1 } else { high = middle }
        }
        return low > 0 && ranges[low - 1].contains(key)
    }
}
