import ClusterMeshTestKit
import Logging
import MeshClient
import MeshCore
import MeshMirror
import MeshRecords
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport
import Testing

/// What a process keeps of connections that broke: nothing.
struct MirrorReconnectTests {
    /// In a process of its own, where no other test starts threads or takes memory.
    @Test("1,000 forced disconnects leave no thread, no descriptor and no memory behind", .timeLimit(.minutes(5)))
    func thousandDisconnects() async {
        await #expect(processExitsWith: .success) {
            try await Reconnections(records: 200).run(1000)
        }
    }
}

/// A mirror whose connection to a server is cut again and again.
private struct Reconnections {
    private let cluster: ClusterName
    private let id: ClusterID
    private let store = KVStore()
    private let logger = Logger(label: "reconnect", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Prepares a store with as many nodes.
    init(records: Int) throws {
        cluster = try ClusterName("athens")
        id = try ClusterID(1)
        try store.put(KeyLayout.clusterConfig(of: cluster), ClusterConfig(id: id.rawValue).encoded())
        for number in 0..<records { try publish("n\(number)") }
    }

    private func publish(_ name: String, bootID: String = "") throws {
        var node = NodeRecord(name: name, cluster: cluster.rawValue, clusterID: id.rawValue)
        node.bootID = bootID
        try store.put(RecordKey.node(name).key(in: cluster), node.encoded())
    }

    func run(_ count: Int) async throws {
        let server = try WatcherServer(
            configuration: WatcherServerConfiguration(
                cluster: cluster,
                credentials: TestCertificates.server(cluster.rawValue),
                verifier: .mesh()
            ),
            reader: store.reader,
            logger: logger
        )
        let link = try FaultyLink(to: server.port)
        var configuration = MirrorConfiguration(
            cluster: cluster,
            id: id,
            endpoints: [EtcdEndpoint(host: "127.0.0.1", port: link.port)],
            credentials: try TestCertificates.client(),
            verifier: .mesh()
        )
        configuration.backoff.firstBound = .zero
        let mirror = try RemoteClusterMirror(configuration: configuration, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await mirror.run() }
            defer { group.cancelAll() }
            try await disconnect(count, mirror, link)
        }
        await link.close()
    }

    private func disconnect(_ count: Int, _ mirror: RemoteClusterMirror, _ link: FaultyLink) async throws {
        try await eventually("the mirror follows") { mirror.status.state == .watching }
        var threads = 0
        var descriptors = 0
        var memory = 0
        for number in 1...count {
            link.dropConnections()
            // A change of the time without connection, so that something is resumed and applied each time.
            try publish("n\(number % 50)", bootID: "\(number)")
            try await eventually("the mirror follows again; it is \(mirror.status)") {
                let status = mirror.status
                return status.state == .watching && status.synchronisations == number + 1
            }
            // The store's history is not what is measured; what the mirror resumes from is kept.
            if number > 20, number.isMultiple(of: 10) { try store.compact(to: Revision(store.revision.rawValue - 10)) }
            if number == 10 {
                threads = try ProcessFigures.threads
                descriptors = try ProcessFigures.descriptors
            }
            if number == 100 { memory = try ProcessFigures.residentKiB }
        }
        try await eventually("the last change is there") { mirror.status.revision == store.revision }
        #expect(mirror.status.resyncs.isEmpty, "each connection resumed")
        // Sockets that are being closed are no leak.
        try await eventually("there are \(descriptors) descriptors again") {
            try ProcessFigures.descriptors <= descriptors
        }
        #expect(try ProcessFigures.threads <= threads)
        let growth = try ProcessFigures.residentKiB - memory
        #expect(growth <= 4096, "memory grew by \(growth) KiB since the hundredth")
    }
}
