public import Logging
public import MeshCore
internal import MeshRPC
public import MeshStore
internal import MeshWire
public import ServiceLifecycle

/// Serves one store to etcd v3 clients over mutual TLS, for reading only.
///
/// It listens from `init` on, so that ``port`` is known, and serves while ``run()`` runs; what comes earlier waits.
/// What only reads is answered as etcd answers it, and so is gRPC's health protocol; every RPC that would change
/// anything is refused with PermissionDenied before its body is looked at, and anything else is Unimplemented. There is
/// no way from here to the store's writing side: a `StoreReader` has none.
///
/// Deviations from etcd, on purpose:
/// - Answers to progress requests wait until the watches have been sent everything up to the revision they tell, and
///   requests that wait together share one answer: etcd 3.4's may overtake events.
/// - The header's revision is never ahead of what the watch was sent, also in the answer to a cancel and when
///   compaction ends a watch; etcd says 0 there.
/// - A stream whose client has finished sending ends once it has been sent what was there: nobody could end its watches
///   any more.
/// - Hash and HashKV are for who may read every key, and their hash is our own: to be compared with that of another of
///   our servers, never with etcd's.
/// - There is no consensus: Status tells the store's revision as the indices of its log, and its own member as leader.
/// - Watch ID -1 cannot be chosen by a client, as it is the one of answers that belong to no watch.
/// - The bounds of ``WatcherLimits``.
public final class WatcherServer: Service, Sendable {
    private let server: RPCServer
    private let services: ReadServices
    private let configuration: WatcherServerConfiguration
    private let logger: Logger

    /// The port that the server listens on.
    public var port: Int { server.port }

    /// How many batches of events have been encoded; many watches that are sent the same need one.
    package var encodedSegments: Int { services.encodedSegments }

    /// Binds the address.
    ///
    /// - Parameter health: What the server tells by gRPC's health protocol; may be changed at any time.
    /// - Throws: ``WatcherServerError`` if a setting is out of its range, the credentials are unusable, or the address
    ///   cannot be listened on.
    public init(
        configuration: WatcherServerConfiguration,
        reader: StoreReader,
        health: ServingHealth = ServingHealth(),
        logger: Logger
    ) throws(WatcherServerError) {
        if let fault = configuration.fault { throw WatcherServerError(.invalidConfiguration, fault) }
        var logger = logger
        logger[metadataKey: "cluster"] = "\(configuration.cluster)"
        self.configuration = configuration
        self.logger = logger
        let refusal = EtcdError(
            .permissionDenied,
            "\(EtcdError.permissionDenied.message): \(configuration.cluster) is served read-only here"
        )
        var reading = ReadServicesConfiguration(
            memberName: configuration.cluster.description,
            access: configuration.access
        )
        reading.limits = configuration.limits
        reading.progressInterval = configuration.progressInterval
        reading.refusal = refusal
        reading.metrics = configuration.metrics
        reading.metricsPeriod = configuration.metricsPeriod
        reading.metricsLabel = configuration.metricsLabel
        services = ReadServices(configuration: reading, reader: reader, health: health)
        var rpc = RPCServerConfiguration(credentials: configuration.credentials, verifier: configuration.verifier)
        rpc.host = configuration.host
        rpc.port = configuration.port
        configuration.limits.apply(to: &rpc)
        do {
            server = try RPCServer(
                configuration: rpc,
                handlers: Self.handlers(services, refusal),
                logger: logger
            )
        } catch {
            throw WatcherServerError(.cannotListen, "\(error)", cause: error)
        }
        services.advertise(configuration.advertisedURLs(port: server.port))
    }

    /// Serves until the task is cancelled or the service group shuts down gracefully; then ends the streams with
    /// Unavailable, lets calls finish for the configured grace, and closes the port.
    public func run() async throws {
        logger.info("serving, read-only", metadata: ["port": "\(port)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.services.run { RefusedCalls(self.server.counters) } }
            group.addTask {
                // Throws if the task is cancelled, which the transport notices by itself.
                guard (try? await gracefulShutdown()) != nil else { return }
                await self.shutDown()
            }
            defer { group.cancelAll() }
            try await self.server.run()
        }
        logger.info("stopped")
    }

    /// Closes the port, ends the streams with Unavailable, and lets calls finish for the configured grace; ``run()``
    /// then returns. Who cancels ``run()``, or shuts its service group down, need not call it.
    public func shutDown() async {
        await server.shutDown(grace: configuration.shutdownGrace)
    }

    /// Shows another certificate, and trusts other roots, at handshakes from about a second from now on; connections
    /// and streams go on.
    ///
    /// - Important: Only credentials that were validated belong here, as `TLSCredentials.load` and `check` do: with
    ///   others, every handshake fails until they are replaced.
    /// - Throws: ``WatcherServerError`` if they are not PEM text or cannot be laid down where the transport reads them;
    ///   what was there is still used then.
    public func replaceCredentials(_ credentials: TLSCredentials) throws(WatcherServerError) {
        do {
            try server.replaceCredentials(credentials)
        } catch {
            throw WatcherServerError(.credentialsNotReplaced, "\(error)", cause: error)
        }
    }

    /// Replaces the policy that says who may read which keys: requests are judged by it from now on. Watches that run
    /// and are not allowed any more are cancelled with the text with which they would be refused; what they had been
    /// promised is not sent. The other watches, and the streams, go on.
    public func setAccess(_ access: AccessPolicy) {
        services.setAccess(access)
    }

    /// Refuses, from now on, all certificates in `revoked` and no others: their handshakes fail, their calls are
    /// answered with Unauthenticated, and their streams end with that.
    public func setRevoked(_ revoked: RevokedCertificates) {
        server.setRevoked(revoked)
    }

    private static func handlers(_ services: ReadServices, _ refusal: EtcdError) -> RPCHandlers {
        var handlers = RPCHandlers()
        services.register(into: &handlers)
        for method in EtcdMethods.all {
            switch method.effect {
            case .changes, .administers: handlers.refuse(RPCMethod(path: method.path), with: RPCStatus(refusal))
            case .reads, .dependsOnRequest: continue
            }
        }
        return handlers
    }
}
