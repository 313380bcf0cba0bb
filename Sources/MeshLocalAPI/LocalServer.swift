public import Logging
public import MeshCore
internal import MeshRPC
public import MeshStore
public import MeshWatcher
internal import MeshWire
public import ServiceLifecycle

/// Serves the cluster's own store to its own agents: they read and write it over the etcd v3 API.
///
/// It listens from `init` on, so that ``address`` is known, and serves while ``run()`` runs; what comes earlier waits.
/// KV, Lease and Watch are answered as etcd answers them, so that what etcd's client libraries build on them works:
/// sessions, locks, elections, leasing. Leases expire while `KVStore.run()` runs. What an operator does to a cluster of
/// etcd's (members, users, roles, snapshots) is refused with PermissionDenied; anything else is Unimplemented. With an
/// agent it also answers `clustermesh.v1.Agent`.
///
/// Deviations from etcd, on purpose, besides those of `WatcherServer` and `KVStore`:
/// - Who may write is said by the certificate (``WritePolicy``), and there are no other users.
/// - A refusal to write says why behind etcd's `etcdserver: permission denied`.
/// - A compaction has always happened when it is answered.
public final class LocalServer: Service, Sendable {
    private let server: RPCServer
    private let reading: ReadServices
    private let hub: KeepAliveHub
    private let roles: LocalRoles
    private let configuration: LocalServerConfiguration
    private let logger: Logger

    /// Where the server listens, with the port that it took.
    public let address: LocalAddress

    /// Binds the address.
    ///
    /// - Parameters:
    ///   - agent: What to ask for `clustermesh.v1.Agent`; `nil` leaves that service out.
    ///   - health: What the server tells by gRPC's health protocol; may be changed at any time, and shared.
    /// - Throws: ``LocalServerError`` if a setting is out of its range, the credentials are unusable, or the address
    ///   cannot be listened on.
    public init(
        configuration: LocalServerConfiguration,
        store: KVStore,
        agent: LocalAgent? = nil,
        health: ServingHealth = ServingHealth(),
        logger: Logger
    ) throws(LocalServerError) {
        if let fault = configuration.fault { throw LocalServerError(.invalidConfiguration, fault) }
        var logger = logger
        logger[metadataKey: "cluster"] = "\(configuration.cluster)"
        self.configuration = configuration
        self.logger = logger
        let hub = KeepAliveHub(store: store)
        self.hub = hub
        let roles = LocalRoles(
            cluster: configuration.cluster, writing: configuration.writing, reading: configuration.access
        )
        self.roles = roles
        let reading = ReadServices(configuration: configuration.reading, reader: store.reader, health: health)
        self.reading = reading
        do {
            server = try RPCServer(
                configuration: configuration.rpc,
                handlers: Self.handlers(configuration, store, hub, roles, reading, agent),
                logger: logger
            )
        } catch {
            throw LocalServerError(.cannotListen, "\(error)", cause: error)
        }
        switch configuration.address {
        case .tcp(let host, _): address = .tcp(host: host, port: server.port)
        case .unix: address = configuration.address
        }
        reading.advertise([address.endpoint])
    }

    /// Serves until the task is cancelled or the service group shuts down gracefully; then ends the streams with
    /// Unavailable, lets calls finish for the configured grace, and stops listening.
    public func run() async throws {
        logger.info("serving the cluster's own agents", metadata: ["address": "\(address)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.reading.run { RefusedCalls(self.server.counters) } }
            group.addTask { await self.hub.run() }
            group.addTask {
                // Throws if the task is cancelled, which the transport notices by itself.
                guard (try? await gracefulShutdown()) != nil else { return }
                await self.shutDown()
            }
            defer { group.cancelAll() }
            try await self.server.run()
        }
        logger.info("stopped serving the cluster's own agents")
    }

    /// Stops listening, ends the streams with Unavailable, and lets calls finish for the configured grace; ``run()``
    /// then returns. Who cancels ``run()``, or shuts its service group down, need not call it.
    public func shutDown() async {
        await server.shutDown(grace: configuration.shutdownGrace)
    }

    /// Replaces what says who may write and who may read: requests are judged by it from now on. What runs and is not
    /// allowed any more ends: watches are cancelled, keep-alives of leases end with PermissionDenied.
    ///
    /// Writers read everything; `readers` are those who may read besides, as in ``LocalServerConfiguration/readers``.
    public func setAccess(writing: WritePolicy, readers: [AccessRole]) {
        let access = LocalServerConfiguration.access(writing: writing, readers: readers)
        roles.replace(writing: writing, reading: access)
        reading.setAccess(access)
        for stream in hub.open {
            do throws(EtcdError) {
                try roles.admission(of: stream.peer).checkWriter()
            } catch {
                stream.end(RPCStatus(error))
            }
        }
    }

    /// Refuses, from now on, all certificates in `revoked` and no others: their handshakes fail, their calls are
    /// answered with Unauthenticated, and their streams end with that.
    public func setRevoked(_ revoked: RevokedCertificates) {
        server.setRevoked(revoked)
    }

    /// Shows another certificate, and trusts other roots, at handshakes from about a second from now on; connections
    /// and streams go on.
    ///
    /// - Important: Only credentials that were validated belong here, as `TLSCredentials.load` and `check` do: with
    ///   others, every handshake fails until they are replaced.
    /// - Throws: ``LocalServerError`` if they are not PEM text or cannot be laid down where the transport reads them;
    ///   what was there is still used then.
    public func replaceCredentials(_ credentials: TLSCredentials) throws(LocalServerError) {
        do {
            try server.replaceCredentials(credentials)
        } catch {
            throw LocalServerError(.credentialsNotReplaced, "\(error)", cause: error)
        }
    }

    private static func handlers(
        _ configuration: LocalServerConfiguration,
        _ store: KVStore,
        _ hub: KeepAliveHub,
        _ roles: LocalRoles,
        _ reading: ReadServices,
        _ agent: LocalAgent?
    ) -> RPCHandlers {
        var handlers = RPCHandlers()
        for method in EtcdMethods.all {
            switch method.effect {
            case .changes, .administers:
                handlers.refuse(RPCMethod(path: method.path), with: RPCStatus(configuration.refusal))
            case .reads, .dependsOnRequest:
                continue
            }
        }
        reading.register(into: &handlers)
        let limits = configuration.limits.messages
        WriteService(
            store: store,
            hub: hub,
            roles: roles,
            limits: limits,
            maximumPendingKeepAlives: configuration.pendingKeepAlivesPerStream
        ).register(into: &handlers)
        if let agent { AgentService(agent: agent, roles: roles, limits: limits).register(into: &handlers) }
        return handlers
    }
}
