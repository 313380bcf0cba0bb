internal import MeshCore

extension StoreEngine {
    /// Does a transaction: as a whole, in one revision, or not at all.
    ///
    /// As in etcd, all conditions, of nested transactions too, are decided on the state before the transaction; then
    /// every step that will be done is checked; then the steps are done in their order, each seeing the ones before it.
    mutating func perform(_ request: TransactionRequest) throws(EtcdError) -> TransactionAnswer {
        try request.checkShape(operations: max(1, configuration.maximumTransactionOperations))
        if !request.isReadOnly { try checkSize(request.encodedSize) }
        try request.checkDuplicateKeys()
        let steps = decide(request)
        try checkRoom(for: steps.puts)
        try checkPuts(steps)
        try checkReads(steps)
        var answer = perform(steps)
        finishTransaction()
        answer.revision = revision
        return answer
    }

    /// A transaction after its conditions were decided: what will be done.
    private struct Steps {
        enum Step {
            case range(RangeRequest)
            case put(PutRequest)
            case delete(DeleteRequest)
            indirect case steps(Steps)
        }

        var succeeded: Bool
        var steps: [Step]

        /// All puts, those of nested transactions included.
        var puts: [PutRequest] {
            steps.flatMap { step -> [PutRequest] in
                switch step {
                case .put(let put): [put]
                case .range, .delete: []
                case .steps(let nested): nested.puts
                }
            }
        }
    }

    private func decide(_ request: TransactionRequest) -> Steps {
        let succeeded = request.compares.allSatisfy(holds)
        let steps = (succeeded ? request.success : request.failure).map { operation -> Steps.Step in
            switch operation {
            case .range(let range): .range(range)
            case .put(let put): .put(put)
            case .delete(let delete): .delete(delete)
            case .transaction(let nested): .steps(decide(nested))
            }
        }
        return Steps(succeeded: succeeded, steps: steps)
    }

    // Of several faults etcd answers with the first put's, and only then with a read's.

    private func checkPuts(_ steps: Steps) throws(EtcdError) {
        for step in steps.steps {
            switch step {
            case .put(let put): try check(put)
            case .range, .delete: continue
            case .steps(let nested): try checkPuts(nested)
            }
        }
    }

    private func checkReads(_ steps: Steps) throws(EtcdError) {
        for step in steps.steps {
            switch step {
            case .range(let range): try checkReadable(range.revision)
            case .put, .delete: continue
            case .steps(let nested): try checkReads(nested)
            }
        }
    }

    private mutating func perform(_ steps: Steps) -> TransactionAnswer {
        var answers: [TransactionAnswer.OperationAnswer] = []
        answers.reserveCapacity(steps.steps.count)
        for step in steps.steps {
            switch step {
            case .range(let range):
                answers.append(.range(answer(range, current: revisionInTransaction)))
            case .put(let put):
                let previous = write(put, at: revision.next)
                answers.append(.put(PutAnswer(revision: revision.next, previous: previous)))
            case .delete(let delete):
                let deleted = remove(delete.range, at: revision.next)
                answers.append(
                    .delete(
                        DeleteAnswer(
                            revision: revisionInTransaction,
                            deleted: Int64(deleted.count),
                            previous: delete.previousPairs ? deleted : []
                        )
                    )
                )
            case .steps(let nested):
                answers.append(.transaction(perform(nested)))
            }
        }
        // A nested transaction has no revision of its own; etcd leaves it at zero.
        return TransactionAnswer(succeeded: steps.succeeded, answers: answers, revision: .none)
    }

    /// What a step of a transaction takes for the current revision: the next one as soon as something was changed.
    var revisionInTransaction: Revision { hasChanges ? revision.next : revision }

    // MARK: - Conditions

    /// Whether a condition holds now for every key of its range; a range without keys is compared as one absent key.
    func holds(_ compare: Compare) -> Bool {
        var count = 0
        var holds = true
        index.visit(compare.range) { entry in
            count += 1
            holds = compare.holds(for: entry.pair)
            return holds
        }
        return count > 0 ? holds : compare.holds(for: nil)
    }
}

extension Compare {
    /// Whether the condition holds for a pair, or for a key that does not exist: its numbers are all zero, and it has
    /// no value that could be compared.
    fileprivate func holds(for pair: KeyValue?) -> Bool {
        switch target {
        case .version(let version): holds(pair?.version ?? 0, version)
        case .createRevision(let revision): holds(pair?.createRevision.rawValue ?? 0, revision.rawValue)
        case .modRevision(let revision): holds(pair?.modRevision.rawValue ?? 0, revision.rawValue)
        case .lease(let lease): holds(pair?.lease.rawValue ?? 0, lease.rawValue)
        case .value(let value):
            if let pair { holds(Int64(Bytes.compare(pair.value.span, value.span)), 0) } else { false }
        }
    }

    private func holds(_ left: Int64, _ right: Int64) -> Bool {
        switch relation {
        case .equal: left == right
        case .notEqual: left != right
        case .greater: left > right
        case .less: left < right
        }
    }
}
