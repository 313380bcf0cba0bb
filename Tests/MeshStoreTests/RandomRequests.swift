import MeshCore
import MeshStore
import TestSupport

/// Makes requests that hit, miss and contradict each other often: few keys, close revisions.
struct RandomRequests {
    var numbers: SplitMix64

    /// Keys that are prefixes of each other, with the least and the greatest bytes among them.
    static let keys: [Key] =
        [Key([0]), "a", Key([0x61, 0]), "ab", "b", Key([0xFF]), Key([0xFF, 0xFF])]
        + (0..<60).map { Key("k/\($0)") } + (0..<30).map { Key("m/\($0 / 10)/\($0)") }

    init(_ numbers: SplitMix64) {
        self.numbers = numbers
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &numbers) }

    mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    mutating func key() -> Key { Self.keys[number(0...(Self.keys.count - 1))] }

    mutating func value() -> [UInt8] { Array("v\(number(0...20))".utf8) }

    mutating func range() -> KeyRange {
        switch number(0...9) {
        case 0...3: return .key(key())
        case 4: return .all
        case 5: return .prefix("k/")
        case 6: return .prefix(Key("m/\(number(0...3))/"))
        case 7: return .from(key())
        default: return .interval(key(), key())
        }
    }

    /// A revision around what can be read: mostly readable, sometimes compacted or in the future, sometimes none.
    mutating func revision(_ compacted: Int64, _ current: Int64) -> Revision {
        switch number(0...9) {
        case 0...1: return .none
        case 2: return Revision(current + Int64(number(0...2)))
        case 3: return Revision(compacted + Int64(number(-2...2)))
        case 4: return Revision(Int64(number(-2...3)))
        default: return Revision(Int64.random(in: min(max(compacted, 1), current)...current, using: &numbers))
        }
    }

    mutating func put() -> PutRequest {
        var request = PutRequest(key(), value())
        request.previousPair = chance(30)
        request.ignoreValue = chance(5)
        if request.ignoreValue, chance(90) { request.value = [] }
        request.ignoreLease = chance(10)
        if request.ignoreLease ? chance(10) : chance(40) { request.lease = lease() }
        return request
    }

    /// One of a few leases, of which about half are there at a time.
    mutating func lease() -> LeaseID { LeaseID(Int64(number(-3...8))) }

    mutating func grant() -> LeaseGrantRequest {
        let ttl = chance(5) ? [.min, -1, 9_000_000_000, 9_000_000_001][number(0...3)] : Int64(number(0...60))
        return LeaseGrantRequest(ttl: ttl, id: chance(5) ? .none : lease())
    }

    mutating func delete() -> DeleteRequest {
        var request = DeleteRequest(chance(85) ? .key(key()) : range())
        request.previousPairs = chance(50)
        return request
    }

    mutating func read(_ compacted: Int64, _ current: Int64) -> RangeRequest {
        var request = RangeRequest(range())
        request.revision = revision(compacted, current)
        if chance(40) { request.limit = Int64(number(-1...20)) }
        request.sortOrder = RangeRequest.SortOrder.allCases[number(0...2)]
        request.sortTarget = RangeRequest.SortTarget.allCases[number(0...4)]
        request.keysOnly = chance(15)
        request.countOnly = chance(15)
        if chance(10) { request.minimumModRevision = revision(compacted, current) }
        if chance(10) { request.maximumModRevision = revision(compacted, current) }
        if chance(10) { request.minimumCreateRevision = revision(compacted, current) }
        if chance(10) { request.maximumCreateRevision = revision(compacted, current) }
        return request
    }

    mutating func compare(_ current: Int64) -> Compare {
        let relation = Compare.Relation.allCases[number(0...3)]
        let near = Revision(max(0, current - Int64(number(-1...200))))
        let target: Compare.Target
        switch number(0...4) {
        case 0: target = .version(Int64(number(0...4)))
        case 1: target = .createRevision(chance(50) ? .none : near)
        case 2: target = .modRevision(chance(50) ? .none : near)
        case 3: target = .value(value())
        default: target = .lease(chance(30) ? .none : lease())
        }
        return Compare(chance(80) ? .key(key()) : range(), relation, target)
    }

    mutating func transaction(_ compacted: Int64, _ current: Int64, depth: Int = 0) -> TransactionRequest {
        var request = TransactionRequest(success: [], failure: [])
        for _ in 0..<number(0...2) { request.compares.append(compare(current)) }
        for _ in 0..<number(0...4) { request.success.append(operation(compacted, current, depth: depth)) }
        for _ in 0..<number(0...3) { request.failure.append(operation(compacted, current, depth: depth)) }
        return request
    }

    private mutating func operation(
        _ compacted: Int64,
        _ current: Int64,
        depth: Int
    ) -> TransactionRequest.Operation {
        switch number(0...9) {
        case 0...4: return .put(put())
        case 5...6: return .delete(delete())
        case 7: return depth < 3 ? .transaction(transaction(compacted, current, depth: depth + 1)) : .put(put())
        default:
            var request = read(compacted, current)
            // Most reads of a transaction are of now: another one rarely may be done.
            if chance(80) { request.revision = .none }
            return .range(request)
        }
    }

    mutating func cursor(_ compacted: Int64, _ current: Int64) -> WatchCursor {
        var options = WatchOptions()
        options.previousPairs = chance(50)
        if chance(10) { options.includesPuts = false }
        if chance(10) { options.includesDeletes = false }
        return WatchCursor(range(), from: revision(compacted, current), options: options)
    }
}
