import MeshCore

@testable import MeshStore

extension ModelStore {
    mutating func perform(_ request: TransactionRequest) throws(EtcdError) -> TransactionAnswer {
        try Self.checkShape(request, room: maximumOperations)
        _ = try Self.touched(request.success)
        _ = try Self.touched(request.failure)
        for put in steps(request).puts { try check(put) }
        for range in steps(request).reads { try checkRevision(range.revision) }
        let before = self
        let changes = events.count
        var answer = execute(request, decidedOn: before, changes: changes)
        if events.count > changes { revision += 1 }
        answer.revision = Revision(revision)
        return answer
    }

    private func branch(of request: TransactionRequest) -> (succeeded: Bool, [TransactionRequest.Operation]) {
        let succeeded = request.compares.allSatisfy { holds($0) }
        return (succeeded, succeeded ? request.success : request.failure)
    }

    /// The puts and the reads that will be done.
    private func steps(_ request: TransactionRequest) -> (puts: [PutRequest], reads: [RangeRequest]) {
        var puts: [PutRequest] = []
        var reads: [RangeRequest] = []
        for operation in branch(of: request).1 {
            switch operation {
            case .range(let range): reads.append(range)
            case .put(let put): puts.append(put)
            case .delete: continue
            case .transaction(let nested):
                puts += steps(nested).puts
                reads += steps(nested).reads
            }
        }
        return (puts, reads)
    }

    private mutating func execute(
        _ request: TransactionRequest,
        decidedOn before: ModelStore,
        changes: Int
    ) -> TransactionAnswer {
        let (succeeded, operations) = before.branch(of: request)
        var answers: [TransactionAnswer.OperationAnswer] = []
        for operation in operations {
            switch operation {
            case .range(let request):
                answers.append(.range(range(request, now: events.count > changes ? revision + 1 : revision)))
            case .put(let put):
                let previous = write(put, at: revision + 1)
                answers.append(.put(PutAnswer(revision: Revision(revision + 1), previous: previous)))
            case .delete(let delete):
                let deleted = remove(delete.range, at: revision + 1)
                answers.append(
                    .delete(
                        DeleteAnswer(
                            revision: Revision(events.count > changes ? revision + 1 : revision),
                            deleted: Int64(deleted.count),
                            previous: delete.previousPairs ? deleted : []
                        )
                    )
                )
            case .transaction(let nested):
                answers.append(.transaction(execute(nested, decidedOn: before, changes: changes)))
            }
        }
        return TransactionAnswer(succeeded: succeeded, answers: answers, revision: .none)
    }

    private func holds(_ compare: Compare) -> Bool {
        let pairs = keys(in: compare.range).compactMap { pair($0, at: revision) }
        if pairs.isEmpty {
            if case .value = compare.target { return false }
            return Self.holds(compare, nil)
        }
        return pairs.allSatisfy { Self.holds(compare, $0) }
    }

    private static func holds(_ compare: Compare, _ pair: KeyValue?) -> Bool {
        let order: Int
        func compared(_ left: Int64?, _ right: Int64) -> Int { (left ?? 0) < right ? -1 : (left ?? 0) > right ? 1 : 0 }
        switch compare.target {
        case .version(let value): order = compared(pair?.version, value)
        case .createRevision(let value): order = compared(pair?.createRevision.rawValue, value.rawValue)
        case .modRevision(let value): order = compared(pair?.modRevision.rawValue, value.rawValue)
        case .lease(let value): order = compared(pair?.lease.rawValue, value.rawValue)
        case .value(let value):
            let own = Array(pair?.value ?? [])
            order = own == value ? 0 : own.lexicographicallyPrecedes(value) ? -1 : 1
        }
        switch compare.relation {
        case .equal: return order == 0
        case .notEqual: return order != 0
        case .greater: return order > 0
        case .less: return order < 0
        }
    }

    private static func checkShape(_ request: TransactionRequest, room: Int) throws(EtcdError) {
        let weight = [request.compares.count, request.success.count, request.failure.count].max() ?? 0
        if weight > room { throw .tooManyOperations }
        for operation in request.success + request.failure {
            switch operation {
            case .put(let put): try checkShape(put)
            case .transaction(let nested): try checkShape(nested, room: room - weight)
            case .range, .delete: continue
            }
        }
    }

    /// etcd's rule against touching a key twice, written as plainly as it can be said.
    private static func touched(
        _ operations: [TransactionRequest.Operation]
    ) throws(EtcdError) -> (puts: Set<[UInt8]>, deletes: [KeyRange]) {
        var puts: Set<[UInt8]> = []
        var deletes: [KeyRange] = []
        // etcd takes the zero byte that means "no end" for an end before every key.
        for case .delete(let delete) in operations where delete.range.end != .unbounded { deletes.append(delete.range) }
        for case .transaction(let nested) in operations {
            let success = try touched(nested.success)
            let failure = try touched(nested.failure)
            for key in success.puts {
                if puts.contains(key) || deletes.contains(where: { contains($0, key) }) { throw .duplicateKey }
                puts.insert(key)
            }
            for key in failure.puts {
                if puts.contains(key), !success.puts.contains(key) { throw .duplicateKey }
                if deletes.contains(where: { contains($0, key) }) { throw .duplicateKey }
                puts.insert(key)
            }
            deletes += success.deletes + failure.deletes
        }
        for case .put(let put) in operations {
            let key = put.key.bytes
            if puts.contains(key) || deletes.contains(where: { contains($0, key) }) { throw .duplicateKey }
            puts.insert(key)
        }
        return (puts, deletes)
    }
}
