import MeshCore
import MeshWire

/// One request of a random history, of any kind that has one answer.
enum StoreOperation: Hashable, Sendable {
    case write(RandomWrite)
    case range(RangeRequest)
    case compact(Revision, physical: Bool)
    case grant(LeaseGrantRequest)
    case revoke(LeaseID)
    case keepAlive(LeaseID)
    case timeToLive(LeaseTimeToLiveRequest)
    case leases
}

/// The answer to a ``StoreOperation``.
enum StoreAnswer: Hashable, Sendable {
    case write(WriteAnswer)
    case range(RangeAnswer)
    /// Of a compaction or a revocation.
    case done(Revision)
    case grant(LeaseGrantAnswer)
    case keepAlive(LeaseKeepAliveAnswer)
    case timeToLive(LeaseTimeToLiveAnswer)
    case leases(LeaseListAnswer)

    /// The store's revision, as every answer tells it.
    var revision: Revision {
        switch self {
        case .write(.put(let answer)): answer.revision
        case .write(.delete(let answer)): answer.revision
        case .write(.transaction(let answer)): answer.revision
        case .range(let answer): answer.revision
        case .done(let revision): revision
        case .grant(let answer): answer.revision
        case .keepAlive(let answer): answer.revision
        case .timeToLive(let answer): answer.revision
        case .leases(let answer): answer.revision
        }
    }
}

extension StoreOperation: CustomStringConvertible {
    /// Long values are not told in full.
    var description: String {
        switch self {
        case .write(.put(let request)) where request.value.count > 64:
            "put of \(request.value.count) bytes at \(request.key)"
        case .write(let write): "\(write)"
        case .range(let request): "\(request)"
        case .compact(let revision, let physical): "compaction to \(revision), physical: \(physical)"
        case .grant(let request): "\(request)"
        case .revoke(let id): "revocation of \(id)"
        case .keepAlive(let id): "keep-alive of \(id)"
        case .timeToLive(let request): "\(request)"
        case .leases: "leases"
        }
    }
}

extension EtcdWriter {
    /// Does any operation; the answer without what the protocol leaves open (see ``StoreAnswer/defined(for:)``).
    func perform(_ operation: StoreOperation) async throws(EtcdError) -> StoreAnswer {
        let answer: StoreAnswer =
            switch operation {
            case .write(let write): .write(try await perform(write))
            case .range(let request): .range(try await range(request).answer)
            case .compact(let revision, let physical): .done(try await compact(to: revision, physical: physical))
            case .grant(let request): .grant(try await perform(request))
            case .revoke(let id): .done(try await revoke(id))
            case .keepAlive(let id): .keepAlive(try await keepAlive(id))
            case .timeToLive(let request): .timeToLive(try await perform(request))
            case .leases: .leases(try await leases())
            }
        return answer.defined(for: operation)
    }
}

extension StoreAnswer {
    /// The answer without what the protocol leaves open: the order of equals in a sorted range, that of a lease's keys,
    /// and how many of a lease's seconds have gone by.
    fileprivate func defined(for operation: StoreOperation) -> StoreAnswer {
        switch (self, operation) {
        case (.range(let answer), .range(let request)):
            return .range(answer.withTiesByKey(request))
        case (.timeToLive(var answer), _):
            answer.keys.sort()
            // Tests last a minute or two, and leases are granted a thousand seconds and more.
            if (answer.grantedTTL - 300...answer.grantedTTL).contains(answer.ttl) { answer.ttl = answer.grantedTTL }
            return .timeToLive(answer)
        default:
            return self
        }
    }
}
