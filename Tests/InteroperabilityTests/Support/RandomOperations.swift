import MeshCore
import TestSupport

/// One write of a random history.
enum RandomWrite: Hashable, Sendable {
    case put(PutRequest)
    case delete(DeleteRequest)
    case transaction(TransactionRequest)
}

// Random writes and reads over so few keys that they meet often.

extension SplitMix64 {
    mutating func flag() -> Bool { next() & 1 == 1 }

    mutating func aKey() -> Key {
        let letter = ["a", "b", "b/", "c\u{0}", "ÿ"].randomElement(using: &self) ?? ""
        return Key("k/\(letter)\(Int.random(in: 0..<4, using: &self))")
    }

    mutating func aRange() -> KeyRange {
        switch Int.random(in: 0..<6, using: &self) {
        case 0, 1: .key(aKey())
        case 2: .prefix(["k/b", "k/", "k", "z"].randomElement(using: &self) ?? "k/")
        case 3: .interval(aKey(), aKey())
        case 4: .from(aKey())
        default: .all
        }
    }

    mutating func aValue() -> [UInt8] {
        (0..<Int.random(in: 0...6, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    mutating func aPut(mayKeepValue: Bool = true) -> PutRequest {
        var request = PutRequest(aKey(), aValue())
        request.previousPair = flag()
        if mayKeepValue, Int.random(in: 0..<8, using: &self) == 0 {
            request.ignoreValue = true
            // etcd refuses a value beside it.
            if flag() { request.value = [] }
        }
        return request
    }

    mutating func aDelete() -> DeleteRequest {
        // Whole ranges seldom, so that something is left.
        var request = DeleteRequest(Int.random(in: 0..<4, using: &self) == 0 ? aRange() : .key(aKey()))
        request.previousPairs = flag()
        return request
    }

    mutating func aCompare(near revision: Revision) -> Compare {
        let target: Compare.Target =
            switch Int.random(in: 0..<5, using: &self) {
            case 0: .version(Int64.random(in: 0...3, using: &self))
            case 1: .createRevision(aRevision(upTo: revision))
            case 2: .modRevision(aRevision(upTo: revision))
            case 3: .value(aValue())
            default: .lease(.none)
            }
        let relation = Compare.Relation.allCases.randomElement(using: &self) ?? .equal
        return Compare(flag() ? .key(aKey()) : aRange(), relation, target)
    }

    /// A transaction either deletes or has puts that keep a value: etcd 3.4 dies of one that deletes a key and then
    /// keeps its value, where its check for keys given twice does not see it.
    mutating func aTransaction(near revision: Revision) -> TransactionRequest {
        aTransaction(near: revision, depth: 3, deletes: Int.random(in: 0..<4, using: &self) > 0)
    }

    private mutating func aTransaction(near revision: Revision, depth: Int, deletes: Bool) -> TransactionRequest {
        var request = TransactionRequest(success: [])
        for _ in 0..<Int.random(in: 0...2, using: &self) { request.compares.append(aCompare(near: revision)) }
        for _ in 0..<Int.random(in: 0...3, using: &self) {
            request.success.append(anOperation(near: revision, depth: depth, deletes: deletes))
        }
        for _ in 0..<Int.random(in: 0...3, using: &self) {
            request.failure.append(anOperation(near: revision, depth: depth, deletes: deletes))
        }
        return request
    }

    private mutating func anOperation(
        near revision: Revision,
        depth: Int,
        deletes: Bool
    ) -> TransactionRequest.Operation {
        switch Int.random(in: depth > 1 ? 0..<8 : 0..<7, using: &self) {
        // By key only: among equals of another target etcd's order is arbitrary.
        case 0, 1: .range(aRead(near: revision, targets: [.key]))
        case 2, 3, 4: .put(aPut(mayKeepValue: !deletes))
        case 5, 6: deletes ? .delete(aDelete()) : .put(aPut())
        default: .transaction(aTransaction(near: revision, depth: depth - 1, deletes: deletes))
        }
    }

    mutating func aWrite(near revision: Revision) -> RandomWrite {
        switch Int.random(in: 0..<10, using: &self) {
        case 0..<5: .put(aPut())
        case 5, 6: .delete(aDelete())
        default: .transaction(aTransaction(near: revision))
        }
    }

    mutating func aRevision(upTo revision: Revision) -> Revision {
        Revision(Int64.random(in: 0...(revision.rawValue + 1), using: &self))
    }

    /// A read, sorted by one of `targets`; all of the answer where the target is not the key, because what a limit
    /// leaves of equals is arbitrary in etcd.
    mutating func aRead(
        near revision: Revision,
        targets: [RangeRequest.SortTarget] = RangeRequest.SortTarget.allCases
    ) -> RangeRequest {
        var request = RangeRequest(aRange())
        if Int.random(in: 0..<3, using: &self) == 0 { request.revision = aRevision(upTo: revision) }
        request.sortOrder = RangeRequest.SortOrder.allCases.randomElement(using: &self) ?? .none
        request.sortTarget = targets.randomElement(using: &self) ?? .key
        if request.sortTarget == .key, flag() { request.limit = Int64.random(in: -1...8, using: &self) }
        request.keysOnly = Int.random(in: 0..<4, using: &self) == 0
        request.countOnly = Int.random(in: 0..<6, using: &self) == 0
        request.serializable = flag()
        if Int.random(in: 0..<4, using: &self) == 0 { request.minimumModRevision = aRevision(upTo: revision) }
        if Int.random(in: 0..<4, using: &self) == 0 { request.maximumModRevision = aRevision(upTo: revision) }
        if Int.random(in: 0..<4, using: &self) == 0 { request.minimumCreateRevision = aRevision(upTo: revision) }
        if Int.random(in: 0..<4, using: &self) == 0 { request.maximumCreateRevision = aRevision(upTo: revision) }
        return request
    }
}

extension RangeAnswer {
    /// The answer to `request` with equals in the order of their keys; etcd has them in any order.
    func withTiesByKey(_ request: RangeRequest) -> RangeAnswer {
        func areEqual(_ one: KeyValue, _ other: KeyValue) -> Bool {
            switch request.sortTarget {
            case .key: false
            case .version: one.version == other.version
            case .createRevision: one.createRevision == other.createRevision
            case .modRevision: one.modRevision == other.modRevision
            // Without values in the answer, any two may have been equal.
            case .value: request.keysOnly || one.value == other.value
            }
        }
        var runs: [[KeyValue]] = []
        for pair in pairs {
            if let last = runs.last?.last, areEqual(last, pair) {
                runs[runs.count - 1].append(pair)
            } else {
                runs.append([pair])
            }
        }
        var answer = self
        answer.pairs = runs.flatMap { $0.sorted { $0.key < $1.key } }
        return answer
    }
}
