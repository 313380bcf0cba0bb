internal import Logging
internal import MeshCore
internal import MeshReplica
internal import MeshStore
internal import MeshTLS

/// Where an agent's state is: in a store of its own, or in an etcd that it follows.
enum AgentStore: Sendable {
    case own(KVStore)
    case followed(EtcdReplica)

    init(_ configuration: MeshConfiguration, logger: Logger) throws {
        switch configuration.source {
        case .local:
            self = .own(KVStore(configuration: configuration.store))
        case .follow(let replica):
            let store = ReplicatedStore(configuration: configuration.store)
            self = .followed(try EtcdReplica(configuration: replica, store: store, logger: logger))
        }
    }

    /// What is served and looked at.
    var reader: StoreReader {
        switch self {
        case .own(let store): store.reader
        case .followed(let replica): replica.store.reader
        }
    }

    /// The store that can be written; `nil` if there is none.
    var own: KVStore? {
        switch self {
        case .own(let store): store
        case .followed: nil
        }
    }

    /// The replica; `nil` if nothing is followed.
    var replica: EtcdReplica? {
        switch self {
        case .own: nil
        case .followed(let replica): replica
        }
    }

    /// Lets leases expire, or follows the etcd, until the task is cancelled or the service group shuts down.
    func run() async throws {
        switch self {
        case .own(let store): try await store.run()
        case .followed(let replica): try await replica.run()
        }
    }
}
