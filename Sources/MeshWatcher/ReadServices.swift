internal import MeshCore
package import MeshRPC
package import MeshStore
internal import MeshWire

/// Everything of etcd's API that only reads, and gRPC's health protocol, over one store.
///
/// A server registers them beside whatever else it serves, and runs them as long as it runs itself. They have a
/// `StoreReader` and nothing more of the store, so that no call of theirs can change it.
package struct ReadServices: Sendable {
    let configuration: ReadServicesConfiguration
    let reader: StoreReader
    private let health: ServingHealth
    private let member: ServedMember
    private let access: PeerAdmission
    let watches: WatchService
    private let jobs = StreamJobs()

    /// Services over one store; `health` is what the health protocol tells.
    package init(configuration: ReadServicesConfiguration, reader: StoreReader, health: ServingHealth) {
        self.configuration = configuration
        self.reader = reader
        self.health = health
        access = PeerAdmission(configuration.access)
        member = ServedMember(name: configuration.memberName)
        let labels = [("cluster", configuration.memberName), ("server", configuration.metricsLabel)]
        watches = WatchService(
            reader: reader,
            limits: configuration.limits,
            metrics: WatcherMetrics(factory: configuration.metrics, labels: labels)
        )
    }

    /// How many batches of events have been encoded; many watches that are sent the same need one.
    package var encodedSegments: Int {
        watches.hub.openShards.reduce(0) { $0 + $1.segments.builds }
    }

    /// Says where clients reach the server, once that is known: they dial what the list of members says.
    package func advertise(_ urls: [String]) {
        member.advertise(urls)
    }

    /// Replaces the policy: requests from now on are judged by it, and watches that run are cancelled where it does not
    /// allow them.
    package func setAccess(_ policy: AccessPolicy) {
        access.replace(with: policy)
        watches.hub.accessChanged { access.readableKeys(for: $0) }
    }

    /// Tells the watches the time, reads for other streams, and tells metrics how things are, until the task is
    /// cancelled; then no commit is announced any more.
    ///
    /// - Parameter refused: What the server has refused so far, for its metrics.
    package func run(refused: @escaping @Sendable () -> RefusedCalls) async {
        let hub = watches.hub
        defer { hub.stop() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await jobs.run() }
            group.addTask { await hub.runClock(period: configuration.clockPeriod) }
            group.addTask { await runMetrics(refused: refused) }
        }
    }

    /// Adds the services' methods to a server's.
    package func register(into handlers: inout RPCHandlers) {
        registerKV(into: &handlers)
        registerLease(into: &handlers)
        registerMaintenance(into: &handlers)
        registerMember(into: &handlers)
        registerHealth(into: &handlers)
    }
}

// MARK: - Methods

extension ReadServices {
    private func registerKV(into handlers: inout RPCHandlers) {
        let ranges = RangeService(reader: reader, access: access, limits: configuration.limits)
        let immediate: RPCHandlers.ImmediateBody = { context, bytes in
            do throws(EtcdError) {
                return try ranges.immediateAnswer(bytes, to: context.peer).map { .success($0) }
            } catch {
                return .failure(RPCStatus(error))
            }
        }
        handlers.unary(RPCMethod(path: EtcdMethods.range), immediate: immediate) { context, bytes in
            try await ranges.answer(bytes, to: context.peer)
        }
        handlers.stream(RPCMethod(path: EtcdMethods.rangeStream)) { [jobs] context, handle in
            RangeStreamDriver(ranges: ranges, peer: context.peer, handle: handle, jobs: jobs)
        }
        handlers.stream(RPCMethod(path: EtcdMethods.watch)) { context, handle in
            let driver = WatchStreamDriver(
                session: WatchSessionStateMachine(
                    identity: reader.identity,
                    readable: access.readableKeys(for: context.peer),
                    settings: WatchSessionSettings(
                        configuration.limits,
                        progressInterval: configuration.progressInterval
                    )
                ),
                handle: handle,
                service: watches,
                shard: watches.hub.shard(on: handle.shard)
            )
            watches.hub.add(driver)
            // A policy that was replaced before the hub knew of the driver.
            driver.accessChanged { access.readableKeys(for: context.peer) }
            return driver
        }
    }

    private func registerLease(into handlers: inout RPCHandlers) {
        let service = LeaseReadService(reader: reader, access: access, limits: configuration.limits)
        handlers.answer(EtcdMethods.leaseTimeToLive, service.timeToLive)
        handlers.answer(EtcdMethods.leaseLeases, service.list)
    }

    private func registerMaintenance(into handlers: inout RPCHandlers) {
        let service = MaintenanceService(reader: reader, access: access, limits: configuration.limits)
        handlers.answer(EtcdMethods.status, service.status)
        handlers.answer(EtcdMethods.hash, service.hash)
        handlers.answer(EtcdMethods.hashKV, service.hashKV)
    }

    private func registerMember(into handlers: inout RPCHandlers) {
        let service = MemberService(
            reader: reader,
            member: member,
            access: access,
            limits: configuration.limits,
            refusal: configuration.refusal
        )
        handlers.answer(EtcdMethods.memberList, service.members)
        handlers.answer(EtcdMethods.alarm, service.alarms)
        handlers.answer(EtcdMethods.authStatus, service.authStatus)
        handlers.refuse(RPCMethod(path: EtcdMethods.authenticate), with: RPCStatus(.authNotEnabled))
    }

    /// The health protocol is for whoever has a certificate, with a role or without: it tells nothing of the store.
    private func registerHealth(into handlers: inout RPCHandlers) {
        let limits = configuration.limits.messages
        handlers.unary(RPCMethod(path: HealthCodec.check)) { [health] _, bytes in
            let service = try asEtcdError { () throws(WireMessageError) in
                try HealthCodec.decodeRequest(bytes, limits: limits)
            }
            guard let status = health.status(of: service) else { throw RPCStatus(.notFound, "unknown service") }
            return RPCPayload(HealthCodec.encodeAnswer(status))
        }
        handlers.stream(RPCMethod(path: HealthCodec.watch)) { [health] _, handle in
            HealthWatchDriver(health: health, handle: handle, limits: limits)
        }
    }
}

extension RPCHandlers {
    /// Answers a method with what `answer` makes of a request's bytes and of who sent it.
    fileprivate mutating func answer(
        _ path: String,
        _ answer: @escaping @Sendable ([UInt8], PeerIdentity) throws(EtcdError) -> [UInt8]
    ) {
        unary(RPCMethod(path: path)) { context, bytes in RPCPayload(try answer(bytes, context.peer)) }
    }
}

extension StoreReader {
    /// The header of an answer that says `revision`.
    func header(at revision: Revision) -> ResponseHeader {
        var header = header
        header.revision = revision
        return header
    }
}
