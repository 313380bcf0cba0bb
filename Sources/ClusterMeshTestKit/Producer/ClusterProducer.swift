public import ClusterMesh
internal import Foundation
public import Logging
internal import MeshCore
internal import MeshRecords
internal import MeshStore
internal import MeshTLS
internal import MeshWatcher
public import ServiceLifecycle

/// Many clusters behind one address, as a KVStoreMesh serves them: their records as copies under `cilium/cache/`, with
/// configs, canaries and a heartbeat, to be mirrored by an agent that is to be seen under load.
///
/// ```swift
/// let producer = try ClusterProducer(host: "athens", clusters: 250, credentials: credentials, logger: logger)
/// // … run it, and make each of producer.clusters a peer at producer.port …
/// try await producer.churn(.cilium, for: .seconds(30))
/// ```
///
/// Readers show a certificate `local-<host>`. One name stands for all clusters in the server's certificate
/// (``serverName``), because one server speaks for all of them.
public final class ClusterProducer: Service {
    /// The most clusters: all numbers of a mesh but the reader's own.
    public static let maximumClusters = 254

    /// The DNS name that the server's certificate must have besides the host's own: mirrors look for their peer's name.
    public static let serverName = "*.mesh.cilium.io"

    /// The clusters, numbered from 1 on.
    public let clusters: [ProducedCluster]

    /// What is served; holds everything from the beginning.
    public let store: KVStore

    private let server: WatcherServer
    private let beat: Duration

    /// Makes the clusters' records, about 10 µs each, and listens; nothing is served before ``run()``.
    ///
    /// - Parameters:
    ///   - host: The cluster whose agents read.
    ///   - clusters: How many there are; 1…``maximumClusters``.
    ///   - size: How many records each has.
    ///   - port: The port of 127.0.0.1 to listen on; 0 takes a free one.
    ///   - credentials: The server's certificate and key, and the roots that readers' certificates must lead to.
    ///   - heartbeat: How often the heartbeat is rewritten. Cilium's writers do it every 60 s.
    /// - Throws: ``TestMeshError`` for numbers that are not possible; what the store and the server throw.
    public init(
        host: ClusterName, clusters count: Int, size: ProducedSize = .cilium, port: Int = 0,
        credentials: TLSCredentials, heartbeat: Duration = .seconds(60), logger: Logger
    ) throws {
        guard (1...Self.maximumClusters).contains(count) else {
            throw TestMeshError(message: "\(count) clusters; 1 to \(Self.maximumClusters) are possible")
        }
        beat = heartbeat
        clusters = try (1...count).map { try ProducedCluster(number: $0, size: size) }
        store = KVStore()
        var configuration = WatcherServerConfiguration(cluster: host, credentials: credentials, verifier: .mesh())
        configuration.port = port
        configuration.access = .cilium(cluster: host, admitting: [])
        configuration.shutdownGrace = .zero
        // A reader is one certificate with a connection, and many calls at once, for each of the clusters.
        configuration.limits.callsPerPeer = 100_000
        configuration.limits.unreadBytesPerPeer = 1 << 30
        server = try WatcherServer(configuration: configuration, reader: store.reader, logger: logger)
        try fill()
    }

    /// The port of 127.0.0.1 to connect to.
    public var port: Int { server.port }

    /// How many records there are now, whatever churn took away.
    public var recordCount: Int { store.snapshot().count(in: .prefix(KeyLayout.cache)) }

    /// Serves, and rewrites the heartbeat, until the task is cancelled or the service group shuts down.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.server.run() }
            group.addTask { try await self.store.run() }
            group.addTask {
                try await cancelWhenGracefulShutdown {
                    while (try? await Task.sleep(for: self.beat)) != nil { try self.writeHeartbeat() }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Lets records change, evenly in time and at random otherwise, each stamped with its time (``ChangeStamp``); returns
    /// how many changes there were. In the end it brings back what it took away, without a stamp, and everything is there
    /// as before.
    ///
    /// What falls behind because the machine is busy is made up for at once.
    ///
    /// - Parameters:
    ///   - rates: How often records of each cluster change.
    ///   - duration: For how long.
    ///   - seed: What decides which records change.
    /// - Throws: `CancellationError` when cancelled; what the store throws.
    @discardableResult
    public func churn(_ rates: ChurnRates = .cilium, for duration: Duration, seed: UInt64 = 1) async throws -> Int {
        let perSecond = rates.total * Double(clusters.count)
        guard perSecond > 0, let size = clusters.first?.size else { return 0 }
        var churn = ProducedChurn(clusters: clusters.count, size: size, rates: rates)
        var numbers = SeededNumbers(seed: seed)
        let start = ContinuousClock.now
        let total = Int(perSecond * (duration / .seconds(1)))
        for number in 0..<total {
            let due = start + .seconds(Double(number) / perSecond)
            if ContinuousClock.now < due { try await Task.sleep(until: due, clock: .continuous) }
            guard let change = churn.next(using: &numbers) else { break }
            if change.isDeletion {
                try store.delete(.key(key(of: change.place)))
            } else {
                try rewrite(change.place, stamp: .now)
            }
        }
        // Without a time: all at once they are a load of another kind.
        for place in churn.bringBack() { try rewrite(place, stamp: nil) }
        return total
    }

    private func key(of place: ProducedChurn.Place) -> Key {
        clusters[place.cluster].key(of: place.record, in: .cached)
    }

    private func rewrite(_ place: ProducedChurn.Place, stamp: ChangeStamp?) throws {
        try store.put(key(of: place), clusters[place.cluster].value(of: place.record, stamp: stamp).encoded())
    }

    /// Writes all records, then what says that they are complete.
    private func fill() throws {
        let batch = KVStoreConfiguration().maximumTransactionOperations
        for cluster in clusters {
            let records = cluster.records
            for begin in stride(from: 0, to: records.count, by: batch) {
                try store.transaction { transaction in
                    for record in records[begin..<min(begin + batch, records.count)] {
                        transaction.put(cluster.key(of: record, in: .cached), cluster.value(of: record).encoded())
                    }
                }
            }
            let config = cluster.config(in: .cached)
            try store.transaction { transaction in
                for kind in config.exportedKinds {
                    transaction.put(KeyLayout.canary(of: cluster.name, for: kind, in: .cached), Self.now)
                }
                transaction.put(KeyLayout.clusterConfig(of: cluster.name), config.encoded())
            }
        }
        try writeHeartbeat()
        // Nobody asks how it came about.
        try store.compact(to: store.revision)
    }

    private func writeHeartbeat() throws {
        try store.put(KeyLayout.heartbeat, Self.now)
    }

    /// The present time as RFC 3339 has it.
    private static var now: String { Date.now.formatted(.iso8601) }
}

/// Chance that can be repeated: SplitMix64.
private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
