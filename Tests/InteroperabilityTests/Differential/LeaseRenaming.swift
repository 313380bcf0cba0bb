import MeshCore
import MeshWire

/// Calls the leases of one server by the numbers that another one gave: where a server chooses a lease's number, two
/// servers choose different ones.
struct LeaseRenaming {
    private var names: [LeaseID: LeaseID] = [:]

    mutating func rename(_ old: LeaseID, to new: LeaseID) { names[old] = new }

    func callAsFunction(_ id: LeaseID) -> LeaseID { names[id] ?? id }

    // MARK: - Requests

    func callAsFunction(_ operation: StoreOperation) -> StoreOperation {
        switch operation {
        case .write(.put(let request)): .write(.put(self(request)))
        case .write(.transaction(let request)): .write(.transaction(self(request)))
        case .write(.delete), .range, .compact, .leases, .grant: operation
        case .revoke(let id): .revoke(self(id))
        case .keepAlive(let id): .keepAlive(self(id))
        case .timeToLive(let request): .timeToLive(LeaseTimeToLiveRequest(self(request.id), keys: request.keys))
        }
    }

    private func callAsFunction(_ request: PutRequest) -> PutRequest {
        var request = request
        request.lease = self(request.lease)
        return request
    }

    private func callAsFunction(_ request: TransactionRequest) -> TransactionRequest {
        var request = request
        for index in request.compares.indices {
            guard case .lease(let id) = request.compares[index].target else { continue }
            request.compares[index].target = .lease(self(id))
        }
        request.success = request.success.map(callAsFunction)
        request.failure = request.failure.map(callAsFunction)
        return request
    }

    private func callAsFunction(_ step: TransactionRequest.Operation) -> TransactionRequest.Operation {
        switch step {
        case .put(let request): .put(self(request))
        case .transaction(let request): .transaction(self(request))
        case .range, .delete: step
        }
    }

    // MARK: - Answers

    func callAsFunction(_ answer: StoreAnswer) -> StoreAnswer {
        switch answer {
        case .write(.put(let answer)): .write(.put(self(answer)))
        case .write(.delete(let answer)): .write(.delete(self(answer)))
        case .write(.transaction(let answer)): .write(.transaction(self(answer)))
        case .range(let answer): .range(self(answer))
        case .done: answer
        case .grant(let answer):
            .grant(LeaseGrantAnswer(revision: answer.revision, id: self(answer.id), ttl: answer.ttl))
        case .keepAlive(let answer):
            .keepAlive(LeaseKeepAliveAnswer(revision: answer.revision, id: self(answer.id), ttl: answer.ttl))
        case .timeToLive(let answer):
            .timeToLive(
                LeaseTimeToLiveAnswer(
                    revision: answer.revision,
                    id: self(answer.id),
                    ttl: answer.ttl,
                    grantedTTL: answer.grantedTTL,
                    keys: answer.keys
                )
            )
        case .leases(let answer):
            .leases(LeaseListAnswer(revision: answer.revision, leases: answer.leases.map { self($0) }))
        }
    }

    func callAsFunction(_ events: [WatchEvent]) -> [WatchEvent] {
        events.map { WatchEvent(kind: $0.kind, pair: self($0.pair), previous: $0.previous.map { self($0) }) }
    }

    private func callAsFunction(_ pair: KeyValue) -> KeyValue {
        guard let lease = names[pair.lease] else { return pair }
        return KeyValue(
            key: pair.key,
            createRevision: pair.createRevision,
            modRevision: pair.modRevision,
            version: pair.version,
            value: pair.value,
            lease: lease
        )
    }

    private func callAsFunction(_ answer: PutAnswer) -> PutAnswer {
        PutAnswer(revision: answer.revision, previous: answer.previous.map { self($0) })
    }

    private func callAsFunction(_ answer: DeleteAnswer) -> DeleteAnswer {
        DeleteAnswer(revision: answer.revision, deleted: answer.deleted, previous: answer.previous.map { self($0) })
    }

    private func callAsFunction(_ answer: RangeAnswer) -> RangeAnswer {
        var answer = answer
        answer.pairs = answer.pairs.map { self($0) }
        return answer
    }

    private func callAsFunction(_ answer: TransactionAnswer) -> TransactionAnswer {
        var answer = answer
        answer.answers = answer.answers.map { step in
            switch step {
            case .range(let answer): .range(self(answer))
            case .put(let answer): .put(self(answer))
            case .delete(let answer): .delete(self(answer))
            case .transaction(let answer): .transaction(self(answer))
            }
        }
        return answer
    }
}
