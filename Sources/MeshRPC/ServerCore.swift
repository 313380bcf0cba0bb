internal import CGRPC
internal import MeshCore

/// The owner of one of core's servers: from listening to its last connection's end.
///
/// The order of its end is core's: shut down (no new calls, no new connections), cancel what is left, wait for the
/// shutdown's event and for every outstanding request of a call, destroy.
///
/// `@unchecked Sendable` holds because the pointer never changes, core's servers may be used from any thread, and
/// `life` lets nobody use it once it is destroyed.
final class ServerCore: @unchecked Sendable {
    /// How many calls are requested of core ahead, on each queue.
    static let requestsPerShard = 16

    private struct Life: Sendable {
        var outstandingRequests = 0
        var isShuttingDown = false
        var isShutDown = false
        /// Whether the call that shuts down has returned: core still uses the server behind the event that says that it
        /// is done.
        var hasShutdownReturned = false
        var isDestroyed = false
    }

    /// The port that is listened on; core's 1 for a Unix socket.
    let port: Int

    /// Opens when the server is destroyed.
    let ended = Latch()

    private let pointer: OpaquePointer
    private let accept: @Sendable (AcceptedCall) -> Void
    private let life = Locked(Life())

    /// Listens, and accepts calls from now on.
    init(
        _ configuration: RPCServerConfiguration,
        credentials directory: CredentialsDirectory,
        hook: VerifierHook,
        accept: @escaping @Sendable (AcceptedCall) -> Void
    ) throws(RPCServerError) {
        let shards = CoreRuntime.shared.shards
        do throws(UnixSocketFile.Fault) {
            try configuration.socketFile?.prepare()
        } catch {
            throw RPCServerError(.cannotListen, error.message)
        }
        let server = configuration.arguments.withCoreArguments { grpc_server_create($0, nil) }
        guard let server else { throw RPCServerError(.cannotListen, "gRPC's core made no server") }
        for shard in shards { grpc_server_register_completion_queue(server, shard.queue, nil) }
        let credentials = CoreCredentials.makeServer(directory, hook)
        let address = configuration.listenAddress
        let port = grpc_server_add_http2_port(server, address, credentials)
        grpc_server_credentials_release(credentials)
        pointer = server
        self.port = Int(port)
        self.accept = accept
        grpc_server_start(server)
        guard port != 0 else {
            shutDown()
            let reason =
                configuration.socketFile?.bindFailure
                ?? ListenFailure.reason(host: configuration.host, port: configuration.port)
            throw RPCServerError(
                .cannotListen,
                "cannot listen on \(configuration.place): \(reason); give another address, or stop who uses it"
            )
        }
        do throws(UnixSocketFile.Fault) {
            try configuration.socketFile?.restrict()
        } catch {
            shutDown()
            throw RPCServerError(.cannotListen, error.message)
        }
        for shard in shards {
            for _ in 0..<Self.requestsPerShard {
                // Counted before core can answer it.
                life.withLock { $0.outstandingRequests += 1 }
                if request(RequestedCall(self, shard: shard)) { continue }
                life.withLock { $0.outstandingRequests -= 1 }
            }
        }
    }

    /// Has core fill `requested` with the next call. Returns whether it will.
    private func request(_ requested: RequestedCall) -> Bool {
        life.withLock { life in
            // Under the lock, so that the server is not destroyed meanwhile.
            !life.isShuttingDown && requested.start(on: pointer)
        }
    }

    /// A requested call arrived, or, at the shutdown, will not.
    fileprivate func completed(_ requested: RequestedCall, _ accepted: AcceptedCall?) {
        // The next one first, so that always some are requested.
        let isOutstanding = accepted != nil && request(requested)
        if let accepted { accept(accepted) }
        if isOutstanding { return }
        life.withLock { $0.outstandingRequests -= 1 }
        destroyIfDone()
    }

    /// Stops listening, takes no more calls, and tells clients to go; open calls go on. Later calls do nothing.
    func shutDown() {
        let isFirst = life.withLock { life in
            defer { life.isShuttingDown = true }
            return !life.isShuttingDown
        }
        guard isFirst else { return }
        let queue = CoreRuntime.shared.shards[0].queue
        grpc_server_shutdown_and_notify(pointer, queue, ServerShutdown(self).lend())
        life.withLock { $0.hasShutdownReturned = true }
        destroyIfDone()
    }

    /// Ends all calls and connections at once. To be called after ``shutDown()``.
    func cancelAllCalls() {
        life.withLock { life in
            // Under the lock, so that the server is not destroyed meanwhile.
            guard !life.isDestroyed else { return }
            grpc_server_cancel_all_calls(pointer)
        }
    }

    fileprivate func shutdownCompleted() {
        life.withLock { $0.isShutDown = true }
        destroyIfDone()
    }

    private func destroyIfDone() {
        let mustDestroy = life.withLock { life in
            guard life.isShutDown, life.hasShutdownReturned, life.outstandingRequests == 0, !life.isDestroyed else {
                return false
            }
            life.isDestroyed = true
            return true
        }
        guard mustDestroy else { return }
        grpc_server_destroy(pointer)
        ended.open()
    }
}

/// Brings the event of a server's shutdown.
private final class ServerShutdown: CompletionTag, @unchecked Sendable {
    private let core: ServerCore

    init(_ core: ServerCore) {
        self.core = core
    }

    override func completed(_ number: Int, success: Bool) {
        core.shutdownCompleted()
    }
}

/// A place for a call that core is asked for, and the event that it arrived. Used again and again.
private final class RequestedCall: CompletionTag, @unchecked Sendable {
    /// Where core writes the call.
    private struct Place {
        var call: OpaquePointer?
        var details = grpc_call_details()
        var metadata = grpc_metadata_array()
    }

    private let core: ServerCore
    private let shard: RPCShard
    private let place: UnsafeMutablePointer<Place>

    init(_ core: ServerCore, shard: RPCShard) {
        self.core = core
        self.shard = shard
        place = .allocate(capacity: 1)
        place.initialize(to: Place())
        grpc_call_details_init(&place.pointee.details)
        grpc_metadata_array_init(&place.pointee.metadata)
    }

    deinit {
        grpc_call_details_destroy(&place.pointee.details)
        grpc_metadata_array_destroy(&place.pointee.metadata)
        place.deallocate()
    }

    func start(on server: OpaquePointer) -> Bool {
        let (place, queue) = (place, shard.queue)
        let tag = lend()
        // From here on the place is core's, and then the poller's.
        let error = grpc_server_request_call(
            server,
            &place.pointee.call,
            &place.pointee.details,
            &place.pointee.metadata,
            queue,
            queue,
            tag
        )
        if error == GRPC_CALL_OK { return true }
        _ = CompletionTag.takeBack(tag)
        return false
    }

    override func completed(_ number: Int, success: Bool) {
        core.completed(self, success ? takeCall() : nil)
    }

    private func takeCall() -> AcceptedCall? {
        guard let call = place.pointee.call else { return nil }
        let accepted = AcceptedCall(
            call: CoreCall(call),
            shard: shard,
            method: RPCMethod(path: CoreSlice.text(place.pointee.details.method)),
            metadata: RPCMetadata(place.pointee.metadata),
            deadline: CoreTime.instant(place.pointee.details.deadline)
        )
        place.pointee.call = nil
        grpc_call_details_destroy(&place.pointee.details)
        grpc_call_details_init(&place.pointee.details)
        // The entries belong to the call; the array is used again.
        place.pointee.metadata.count = 0
        return accepted
    }
}
