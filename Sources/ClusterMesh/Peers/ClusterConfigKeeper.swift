internal import Logging
internal import MeshCore
internal import MeshRecords
internal import MeshStore

/// Puts the own cluster's config back when one of the cluster's own writers changed or removed it, or when the lease
/// ended that somebody gave it: peers that find another config, or none, take it for another cluster.
struct ClusterConfigKeeper: Sendable {
    /// The shortest time between two corrections: a writer that insists makes a message a second, and no busy loop.
    static let pause = Duration.seconds(1)

    private let key: Key
    private let reader: StoreReader
    private let initialState: InitialState
    private let logger: Logger

    init(of cluster: ClusterName, in reader: StoreReader, _ initialState: InitialState, logger: Logger) {
        key = KeyLayout.clusterConfig(of: cluster)
        self.reader = reader
        self.initialState = initialState
        self.logger = logger
    }

    /// Watches the config until the task is cancelled or the service group shuts down.
    func run() async {
        while !Task.isCancelled {
            let next = reader.snapshot().revision.next
            guard await keep() else { return }
            do {
                for try await _ in reader.watch(.key(key), from: next) {
                    guard await keep() else { return }
                }
                return
            } catch {
                // Compacted past this watch: whatever happened, the config is looked at again.
                continue
            }
        }
    }

    /// Corrects the config if it must be; answers whether to go on.
    private func keep() async -> Bool {
        do {
            guard try initialState.restoreConfig() else { return true }
            logger.warning("the cluster's own config was changed or removed by a writer; it is put back")
        } catch {
            logger.error("the cluster's own config cannot be put back: \(error)")
        }
        return (try? await Task.sleep(for: Self.pause)) != nil
    }
}

extension MeshConfiguration {
    /// What the cluster says of itself to its peers.
    var clusterConfig: ClusterConfig {
        var config = ClusterConfig(id: id.rawValue)
        config.syncedCanaries = true
        config.maxConnectedClusters = UInt32(idSpace.rawValue)
        config.serviceExportsEnabled = serviceExportsEnabled
        return config
    }
}
