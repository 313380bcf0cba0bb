package import MeshCore

// Which requests take a time that is bounded whatever the store holds, so that a thread that must not wait, as a
// transport's poller, may do them.

extension RangeRequest {
    /// The most pairs that an answer that counts as small may have.
    package static let mostSmallPairs: Int64 = 64

    /// Whether it reads one key, or counts, or reads a few pairs of the present revision in the order of their keys:
    /// O(log n) and its limit, which is at most ``mostSmallPairs``.
    package var isSmall: Bool {
        if range.end == .single { return true }
        guard revision <= .none else { return false }
        return countOnly || (isCutWhileReading && limit > 0 && limit <= Self.mostSmallPairs)
    }
}

extension DeleteRequest {
    /// Whether it deletes one key at most.
    var isSmall: Bool { range.end == .single }
}

extension TransactionRequest {
    /// The most conditions and operations, of both branches together, of a transaction that counts as small.
    package static let mostSmallSteps = 16

    /// Whether it has few steps, each of them small, and none inside it is a transaction.
    package var isSmall: Bool {
        guard compares.count + success.count + failure.count <= Self.mostSmallSteps,
            compares.allSatisfy({ $0.range.end == .single })
        else { return false }
        return [success, failure].joined().allSatisfy { operation in
            switch operation {
            case .put: true
            case .range(let range): range.isSmall
            case .delete(let delete): delete.isSmall
            case .transaction: false
            }
        }
    }
}
