internal import MeshCore
internal import MeshStore

/// What all streams of watches of a server share.
final class WatchService: Sendable {
    let reader: StoreReader
    let limits: WatcherLimits
    let hub: WatchHub
    let peerWatches: PeerWatches
    let metrics: WatcherMetrics

    init(reader: StoreReader, limits: WatcherLimits, metrics: WatcherMetrics) {
        self.reader = reader
        self.limits = limits
        hub = WatchHub(reader: reader, limits: limits)
        peerWatches = PeerWatches(maximum: limits.watchesPerPeer)
        self.metrics = metrics
    }
}
