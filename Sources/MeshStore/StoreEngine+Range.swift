internal import MeshCore

extension StoreEngine {
    /// Answers a read.
    func range(_ request: RangeRequest) throws(EtcdError) -> RangeAnswer {
        try request.checkShape()
        try checkReadable(request.revision)
        return answer(request, current: revision)
    }

    /// Refuses a revision that does not exist yet or any more.
    func checkReadable(_ revision: Revision) throws(EtcdError) {
        guard head.isReadable else { throw .notListed }
        if revision > self.revision { throw .futureRevision }
        if revision > .none, revision < compactedRevision { throw .compacted }
    }

    /// Answers a read whose revision was checked.
    ///
    /// The order of steps is etcd's: the keys of the range, cut at the limit only if no filter and no sort order was
    /// asked for; then filters; then sorting; then the limit. (So an unspecified order with a target other than the key
    /// sorts what the limit left over, as etcd does.)
    ///
    /// Complexity, with n keys in the store, k in the range and v versions of a key: at the current revision O(log n)
    /// to count, O(log n + limit) for a page by key, O(log n + k) with a filter or O(k log k) with another order. At an
    /// older revision O(log n + k log v), where k counts deleted keys that history remembers too.
    ///
    /// - Parameter current: the revision that the answer is from where the request says "now".
    func answer(_ request: RangeRequest, current: Revision) -> RangeAnswer {
        let isCurrent = request.revision <= .none || request.revision == current
        let limit = request.limit > 0 ? Int(clamping: request.limit) : Int.max
        // One more than the limit shows whether there is more.
        let fetched = request.isCutWhileReading && limit < Int.max ? limit + 1 : Int.max
        let isReversed = request.sortTarget == .key && request.sortOrder == .descending

        var pairs: [KeyValue] = []
        var count = 0
        if isCurrent {
            count = index.count(in: request.range)
            if !request.countOnly {
                index.visit(request.range, reversed: isReversed) { entry in
                    if request.admits(entry.pair) { pairs.append(entry.pair) }
                    return pairs.count < fetched
                }
            }
        } else {
            index.visit(request.range, liveOnly: false, reversed: isReversed) { entry in
                guard let pair = history.pair(of: entry, at: request.revision) else { return true }
                count += 1
                if !request.countOnly, pairs.count < fetched, request.admits(pair) { pairs.append(pair) }
                return true
            }
        }
        request.sort(&pairs)
        let more = pairs.count > limit
        if more { pairs.removeSubrange(limit...) }
        if request.keysOnly {
            for index in pairs.indices { pairs[index] = pairs[index].withoutValue }
        }
        return RangeAnswer(pairs: pairs, more: more, count: Int64(count), revision: current)
    }
}

extension RangeRequest {
    /// Refuses what no state of a store could make right.
    func checkShape() throws(EtcdError) {
        if range.lower.isEmpty { throw .emptyKey }
    }

    /// Whether the limit can already be applied while keys are read, in their order, before all are known.
    var isCutWhileReading: Bool {
        let hasFilter =
            minimumModRevision != .none || maximumModRevision != .none
            || minimumCreateRevision != .none || maximumCreateRevision != .none
        return (sortOrder == .none || sortTarget == .key) && !hasFilter
    }

    /// Whether the filters let a pair through.
    fileprivate func admits(_ pair: KeyValue) -> Bool {
        if maximumModRevision != .none, pair.modRevision > maximumModRevision { return false }
        if minimumModRevision != .none, pair.modRevision < minimumModRevision { return false }
        if maximumCreateRevision != .none, pair.createRevision > maximumCreateRevision { return false }
        if minimumCreateRevision != .none, pair.createRevision < minimumCreateRevision { return false }
        return true
    }

    /// Sorts pairs that are in the order of their keys, or in its reverse where that was asked for.
    ///
    /// Pairs that compare as equal stay in the order of their keys.
    fileprivate func sort(_ pairs: inout [KeyValue]) {
        switch sortTarget {
        case .key: return
        case .version: sort(&pairs) { $0.version < $1.version }
        case .createRevision: sort(&pairs) { $0.createRevision < $1.createRevision }
        case .modRevision: sort(&pairs) { $0.modRevision < $1.modRevision }
        case .value: sort(&pairs) { Bytes.isLess($0.value.span, $1.value.span) }
        }
    }

    private func sort(_ pairs: inout [KeyValue], by isLess: (KeyValue, KeyValue) -> Bool) {
        switch sortOrder {
        case .none, .ascending: pairs.sort(by: isLess)
        case .descending: pairs.sort { isLess($1, $0) }
        }
    }
}
