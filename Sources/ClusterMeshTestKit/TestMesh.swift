public import ClusterMesh
internal import Foundation
public import Logging
internal import MeshCore
internal import MeshTLS

/// A test mesh that was asked for something that it does not have.
public struct TestMeshError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was asked for, and what there is.
    public var message: String

    public var description: String { message }
}

/// Several clusters in one process: each with its own agent, store, server and mirrors, over real TLS sockets on
/// loopback, with a link that can be made to fail between every mirror and its peer.
///
/// ```swift
/// try await TestMesh.run([TestCluster("athens", id: 1), TestCluster("kos", id: 3)]) { mesh in
///     try await mesh.waitUntilSynchronized()
///     try mesh.isolate("kos")
///     // … what does athens know of kos now? …
///     try mesh.reconnect("kos")
/// }
/// ```
///
/// All certificates come from one throw-away authority, in files under ``directory`` that are removed at the end, so
/// that other programs can use them too. Everything here may be used from any task.
public final class TestMesh: Sendable {
    /// The directory with one ``ClusterDirectory`` for each cluster, named like it.
    public let directory: String

    /// The names of the clusters, in the order in which they were given.
    public let names: [String]

    private let clusters: [String: TestCluster]
    private let serverCredentials: [String: TLSCredentials]
    private let clientCredentials: [String: TLSCredentials]
    /// Whom each cluster mirrors.
    private let peers: [String: [String]]
    private let hasLinks: Bool
    private let links: [LinkKey: FaultyLink]
    private let logger: Logger
    private let agents = Locked<[String: RunningAgent]>([:])
    private let ports = Locked<[String: Int]>([:])
    private let starts: AsyncStream<RunningAgent>.Continuation

    private struct LinkKey: Hashable {
        var mirror: String
        var peer: String
    }

    /// Sets up the clusters, starts them, runs `body`, and shuts all down again, however `body` ends.
    ///
    /// - Parameters:
    ///   - clusters: The clusters.
    ///   - hasLinks: Whether there is a link between every mirror and its peer. A link is a thread and two more sockets:
    ///     a mesh of fifty clusters has 2,450 mirrors, which should connect directly. Without links the clusters get
    ///     their peers after ``TestCluster/adjust``, when all are there, and mirrors wait for up to two minutes for an
    ///     answer, as all of them connect at once.
    ///   - logger: Where the agents log; nowhere by default.
    ///   - body: What is done with the mesh.
    /// - Throws: What `body` throws; ``MeshConfigurationError``, ``TLSError`` or ``FaultyLinkError`` if the clusters
    ///   cannot be set up.
    public static func run<Result: Sendable>(
        _ clusters: [TestCluster],
        hasLinks: Bool = true,
        logger: Logger = Logger(label: "test-mesh", factory: { _ in SwiftLogNoOpLogHandler() }),
        _ body: @Sendable (TestMesh) async throws -> Result
    ) async throws -> Result {
        let (starts, continuation) = AsyncStream<RunningAgent>.makeStream()
        let mesh = try TestMesh(clusters, hasLinks: hasLinks, logger: logger, starts: continuation)
        defer { try? FileManager.default.removeItem(atPath: mesh.directory) }
        do {
            let result = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withDiscardingTaskGroup { agents in
                        for await start in starts {
                            agents.addTask {
                                do { try await start.run() } catch { logger.error("an agent failed: \(error)") }
                            }
                        }
                    }
                }
                defer { continuation.finish() }
                for name in mesh.names {
                    try mesh.start(name, holding: clusters.first { $0.name == name }?.state ?? [])
                }
                if !hasLinks { try mesh.introduceClusters() }
                let outcome: Swift.Result<Result, any Error>
                do { outcome = .success(try await body(mesh)) } catch { outcome = .failure(error) }
                await mesh.stopAll()
                return try outcome.get()
            }
            await mesh.closeLinks()
            return result
        } catch {
            await mesh.closeLinks()
            throw error
        }
    }

    private init(
        _ clusters: [TestCluster], hasLinks: Bool, logger: Logger, starts: AsyncStream<RunningAgent>.Continuation
    ) throws {
        names = clusters.map(\.name)
        self.clusters = Dictionary(clusters.map { ($0.name, $0) }) { first, _ in first }
        guard self.clusters.count == clusters.count else {
            throw TestMeshError(message: "two clusters have one name: \(names.joined(separator: ", "))")
        }
        self.logger = logger
        self.starts = starts
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("test-mesh-\(UUID().uuidString)").path

        let authority = try CertificateAuthority.create(commonName: "test mesh")
        var servers: [String: TLSCredentials] = [:]
        var clients: [String: TLSCredentials] = [:]
        for name in names {
            let pki = ClusterDirectory(directory + "/" + name)
            try pki.save(authority)
            let server = try authority.issueServer(cluster: ClusterName(name))
            try pki.saveServer(server)
            let client = try authority.issueClient(commonName: "remote-" + name)
            try pki.saveClient(client, commonName: "remote-" + name)
            servers[name] = server.credentials(trusting: authority.certificatePEM)
            clients[name] = client.credentials(trusting: authority.certificatePEM)
        }
        serverCredentials = servers
        clientCredentials = clients

        var peers: [String: [String]] = [:]
        var links: [LinkKey: FaultyLink] = [:]
        for mirror in clusters {
            for peer in mirror.peers ?? names where peer != mirror.name {
                guard self.clusters[peer] != nil else {
                    throw TestMeshError(
                        message: "cluster '\(mirror.name)' has the peer '\(peer)', which is no cluster here")
                }
                peers[mirror.name, default: []].append(peer)
                // The peer's port is known when its agent is made.
                if hasLinks { links[LinkKey(mirror: mirror.name, peer: peer)] = try FaultyLink(to: 1) }
            }
        }
        self.hasLinks = hasLinks
        self.peers = peers
        self.links = links
    }
}

// MARK: - Clusters

extension TestMesh {
    /// The agent of a cluster that runs.
    ///
    /// - Throws: ``TestMeshError`` if there is no such cluster, or it is stopped.
    public func agent(_ name: String) throws -> MeshAgent {
        guard let running = agents.withLock({ $0[name] }) else {
            throw TestMeshError(message: "no cluster '\(name)' runs; there are \(names.joined(separator: ", "))")
        }
        return running.agent
    }

    /// Where the certificates and keys of a cluster are.
    public func certificates(of name: String) -> ClusterDirectory {
        ClusterDirectory(directory + "/" + name)
    }

    /// Waits until every running agent follows all its peers.
    ///
    /// - Throws: ``SynchronizationTimeout`` that names the peers that are not followed.
    public func waitUntilSynchronized(timeout: Duration = .seconds(30)) async throws {
        for running in agents.withLock({ Array($0.values) }) {
            try await running.agent.waitUntilSynchronized(timeout: timeout)
        }
    }

    /// Shuts a cluster's agent down; its peers keep what they know of it.
    public func stop(_ name: String) async {
        await agents.withLock { $0.removeValue(forKey: name) }?.stop()
    }

    /// Starts a stopped cluster anew, on the port that it had: an empty store with another history, filled with `state`.
    ///
    /// - Throws: ``TestMeshError`` if the cluster runs or does not exist; what making an agent throws.
    public func start(_ name: String, holding state: [StateLine]) throws {
        guard let cluster = clusters[name], let server = serverCredentials[name],
            agents.withLock({ $0[name] == nil })
        else {
            throw TestMeshError(message: "cluster '\(name)' runs already, or does not exist")
        }
        var configuration = try MeshConfiguration(name: name, id: cluster.id, credentials: server)
        configuration.peers = try peerConfigurations(of: name)
        let hasLinks = hasLinks
        configuration.adjustMirror = { mirror in
            if hasLinks {
                // A test is over before the default, drawn from 0…5 s, has passed.
                mirror.backoff.firstBound = .milliseconds(50)
                mirror.backoff.maximumBound = .milliseconds(400)
            } else {
                // Thousands connect at once, all on this machine: giving up would only make more of them.
                mirror.connectTimeout = .seconds(120)
                mirror.requestTimeout = .seconds(120)
                mirror.watchTimeout = .seconds(120)
            }
        }
        // One that comes back is found where it was.
        configuration.port = ports.withLock { $0[name] } ?? 0
        cluster.adjust(&configuration)
        var logger = logger
        logger[metadataKey: "agent"] = "\(name)"
        let agent = try MeshAgent(configuration: configuration, logger: logger)
        for batch in stride(from: 0, to: state.count, by: 128).map({ state[$0..<min($0 + 128, state.count)] }) {
            try agent.store.transaction { transaction in
                for line in batch { transaction.put(line.key, line.value) }
            }
        }
        if cluster.isComplete { try agent.initialStateComplete() }
        for (key, link) in links where key.peer == name { link.retarget(to: agent.port) }
        ports.withLock { $0[name] = agent.port }
        let running = RunningAgent(agent, logger: logger)
        agents.withLock { $0[name] = running }
        starts.yield(running)
    }

    /// Gives every cluster its peers, now that all of them listen.
    private func introduceClusters() throws {
        for name in names { try agent(name).setPeers(peerConfigurations(of: name)) }
    }

    /// The peers of a cluster whose port is known.
    private func peerConfigurations(of name: String) throws -> [PeerConfiguration] {
        guard let client = clientCredentials[name] else { return [] }
        let ports = ports.withLock { $0 }
        return try (peers[name] ?? []).compactMap { peer in
            guard let port = links[LinkKey(mirror: name, peer: peer)]?.port ?? ports[peer], let id = clusters[peer]?.id
            else { return nil }
            return try PeerConfiguration(
                name: peer, id: id, endpoints: ["https://127.0.0.1:\(port)"], credentials: client)
        }
    }

    private func stopAll() async {
        let running = agents.withLock { agents in
            defer { agents = [:] }
            return Array(agents.values)
        }
        await withDiscardingTaskGroup { group in
            for agent in running { group.addTask { await agent.stop() } }
        }
    }

    private func closeLinks() async {
        for link in links.values { await link.close() }
    }
}

// MARK: - Links

extension TestMesh {
    /// The link over which `mirror` reads from `peer`.
    ///
    /// - Throws: ``TestMeshError`` if `mirror` does not mirror `peer`.
    public func link(from mirror: String, to peer: String) throws -> FaultyLink {
        guard let link = links[LinkKey(mirror: mirror, peer: peer)] else {
            throw TestMeshError(message: "'\(mirror)' does not mirror '\(peer)' in this mesh")
        }
        return link
    }

    /// Cuts every link to and from a cluster.
    ///
    /// - Throws: ``TestMeshError`` if there is no such cluster.
    public func isolate(_ name: String) throws {
        for link in try linksOf(name) { link.cut() }
    }

    /// Heals every link to and from a cluster.
    ///
    /// - Throws: ``TestMeshError`` if there is no such cluster.
    public func reconnect(_ name: String) throws {
        for link in try linksOf(name) { link.heal() }
    }

    private func linksOf(_ name: String) throws -> [FaultyLink] {
        guard clusters[name] != nil else { throw TestMeshError(message: "there is no cluster '\(name)'") }
        return links.filter { $0.key.mirror == name || $0.key.peer == name }.map(\.value)
    }
}
