import MeshCore
import MeshWire
import TestSupport

// Random messages of every kind. Numbers prefer the edges: zero, one, minus one, the greatest and the smallest.

extension SplitMix64 {
    mutating func flag() -> Bool { next() & 1 == 1 }

    mutating func chance(_ one: Int, in many: Int) -> Bool { Int.random(in: 0..<many, using: &self) < one }

    mutating func number() -> Int64 {
        switch Int.random(in: 0..<8, using: &self) {
        case 0...2: 0
        case 3: 1
        case 4: -1
        case 5: [Int64.min, .max].randomElement(using: &self) ?? 0
        case 6: Int64.random(in: 0...200_000, using: &self)
        default: Int64(bitPattern: next())
        }
    }

    mutating func revision() -> Revision { Revision(number()) }

    mutating func bytes(_ counts: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: counts, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    mutating func key() -> Key { Key(bytes(1...12)) }

    mutating func range() -> KeyRange {
        switch Int.random(in: 0..<5, using: &self) {
        case 0: .all
        case 1: .key(key())
        case 2: .prefix(key())
        // An interval that ends before a zero byte is empty, and comes back as another empty one.
        case 3: .interval(key(), Key([UInt8.random(in: 1...255, using: &self)] + bytes(0...12)))
        default: .from(key())
        }
    }

    mutating func pair() -> KeyValue {
        KeyValue(
            key: key(),
            createRevision: revision(),
            modRevision: revision(),
            version: number(),
            // Around 128 bytes a length takes a second byte.
            value: bytes(chance(1, in: 4) ? 100...200 : 0...20),
            lease: LeaseID(number())
        )
    }

    mutating func pairs() -> [KeyValue] { (0..<Int.random(in: 0...4, using: &self)).map { _ in pair() } }

    mutating func header() -> ResponseHeader {
        ResponseHeader(clusterID: next(), memberID: next(), revision: revision(), raftTerm: flag() ? 1 : next())
    }

    // MARK: Reads

    mutating func rangeRequest() -> RangeRequest {
        var request = RangeRequest(range())
        request.revision = revision()
        request.limit = number()
        request.sortOrder = RangeRequest.SortOrder.allCases.randomElement(using: &self) ?? .none
        request.sortTarget = RangeRequest.SortTarget.allCases.randomElement(using: &self) ?? .key
        request.keysOnly = flag()
        request.countOnly = flag()
        request.serializable = flag()
        request.minimumModRevision = revision()
        request.maximumModRevision = revision()
        request.minimumCreateRevision = revision()
        request.maximumCreateRevision = revision()
        return request
    }

    mutating func rangeAnswer(_ revision: Revision) -> RangeAnswer {
        RangeAnswer(pairs: pairs(), more: flag(), count: number(), revision: revision)
    }

    // MARK: Watches

    mutating func watchClientMessage() -> WatchClientMessage {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return .progress
        case 1: return .cancel(watchID: number())
        default:
            var options = WatchOptions()
            options.previousPairs = flag()
            options.includesPuts = flag()
            options.includesDeletes = flag()
            return .create(
                WatchCreateRequest(
                    range(),
                    from: revision(),
                    options: options,
                    progressNotify: flag(),
                    watchID: number(),
                    fragment: flag()
                )
            )
        }
    }

    mutating func watchHead() -> WatchResponseHead {
        WatchResponseHead(
            header: header(),
            watchID: number(),
            created: flag(),
            canceled: flag(),
            compactRevision: revision(),
            cancelReason: flag() ? "" : "etcdserver: mvcc: required revision has been compacted",
            fragment: flag()
        )
    }

    mutating func event() -> WatchEvent {
        let previous = flag() ? pair() : nil
        if flag() { return WatchEvent(kind: .put, pair: pair(), previous: previous) }
        return WatchEvent(kind: .delete, pair: .tombstone(key: key(), modRevision: revision()), previous: previous)
    }

    // MARK: Writes

    mutating func putRequest() -> PutRequest {
        var request = PutRequest(key(), bytes(0...200))
        request.lease = LeaseID(number())
        request.previousPair = flag()
        request.ignoreValue = flag()
        request.ignoreLease = flag()
        return request
    }

    mutating func deleteRequest() -> DeleteRequest {
        var request = DeleteRequest(range())
        request.previousPairs = flag()
        return request
    }

    mutating func compare() -> Compare {
        let target: Compare.Target =
            switch Int.random(in: 0..<5, using: &self) {
            case 0: .version(number())
            case 1: .createRevision(revision())
            case 2: .modRevision(revision())
            case 3: .value(bytes(0...20))
            default: .lease(LeaseID(number()))
            }
        return Compare(range(), Compare.Relation.allCases.randomElement(using: &self) ?? .equal, target)
    }

    mutating func transactionRequest(depth: Int = 3) -> TransactionRequest {
        func some<Element>(_ make: (inout SplitMix64) -> Element) -> [Element] {
            (0..<Int.random(in: 0...3, using: &self)).map { _ in make(&self) }
        }
        return TransactionRequest(
            compares: some { $0.compare() },
            success: some { $0.operation(depth: depth) },
            failure: some { $0.operation(depth: depth) }
        )
    }

    private mutating func operation(depth: Int) -> TransactionRequest.Operation {
        switch Int.random(in: depth > 1 ? 0..<4 : 0..<3, using: &self) {
        case 0: .range(rangeRequest())
        case 1: .put(putRequest())
        case 2: .delete(deleteRequest())
        default: .transaction(transactionRequest(depth: depth - 1))
        }
    }

    mutating func transactionAnswer(_ revision: Revision, depth: Int = 3) -> TransactionAnswer {
        let answers = (0..<Int.random(in: 0...3, using: &self)).map { _ in
            operationAnswer(self.revision(), depth: depth)
        }
        return TransactionAnswer(succeeded: flag(), answers: answers, revision: revision)
    }

    private mutating func operationAnswer(_ revision: Revision, depth: Int) -> TransactionAnswer.OperationAnswer {
        switch Int.random(in: depth > 1 ? 0..<4 : 0..<3, using: &self) {
        case 0: .range(rangeAnswer(revision))
        case 1: .put(PutAnswer(revision: revision, previous: flag() ? pair() : nil))
        case 2: .delete(DeleteAnswer(revision: revision, deleted: number(), previous: pairs()))
        default: .transaction(transactionAnswer(revision, depth: depth - 1))
        }
    }
}
