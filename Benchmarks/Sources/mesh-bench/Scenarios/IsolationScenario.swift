internal import BenchmarkSupport
internal import BenchmarkTargets
internal import ClusterMesh
internal import Logging
internal import MeshCore
internal import MeshRPC
internal import MeshTLS
internal import MeshWire

/// What an agent's users notice of peers that behave badly: an agent in this process, its healthy peer the started
/// server, and a flooding, a stalled, a garbage-sending and a flapping peer, each in a process of its own.
///
/// The undisturbed figures come from the same run, with the flooder beside it flooding a reader that never reads. Each
/// of them says whether it is within what is promised: p50 within 1.5×, p99 within 3× or 5 ms.
struct IsolationScenario: Scenario {
    let name = "isolation"
    let title = "an agent's puts, reads and a healthy peer's changes: undisturbed, then with four bad peers"
    let isBrief = true

    /// The budget of each bad peer, small enough that a run fills it.
    private static let maximumKeys = 50_000
    private static let maximumBytes = 64 << 20
    private static let healthyID = 2

    func applies(to server: ServerKind) -> Bool { server == .ours }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let healthy = try await Healthy(server, client)
        let bad = try await BadPeerProcesses.start()
        defer { bad.stop() }
        // Often enough for a 99th percentile.
        let length = Duration.seconds(max(4, context.pace.seconds))

        let quiet = try await undisturbed(healthy, beside: try bad.flooder, bad.client, length)
        let before = ProcessFigures.own.residentBytes ?? 0
        let disturbed = try await self.disturbed(healthy, by: bad, length, context)
        let after = ProcessFigures.own.residentBytes ?? 0

        var figures = latencies("undisturbed", quiet.figures) + latencies("disturbed", disturbed.figures)
        for ((name, loaded), (_, base)) in zip(disturbed.figures.all, quiet.figures.all) {
            for (label, share) in [("p50", 0.5), ("p99", 0.99)] {
                let ratio =
                    IsolationFigures.quantile(loaded, share)
                    / max(.nanoseconds(1), IsolationFigures.quantile(base, share))
                figures.append(Figure("\(name) \(label), times undisturbed", ratio, .times, isCompared: false))
            }
        }
        figures.append(Figure("processor time undisturbed", quiet.processorShare, .times, isCompared: false))
        figures.append(Figure("processor time disturbed", disturbed.processorShare, .times, isCompared: false))
        figures.append(Figure("changes read from the flood/s", disturbed.floodRate, .perSecond, isCompared: false))
        figures.append(Figure("memory of the bad peers", Double(after - before), .bytes, isCompared: false))
        let budget = bad.peers.count * Self.maximumBytes
        figures.append(Figure("their budgets", Double(budget), .bytes, isCompared: false))
        let faults = disturbed.figures.faults(against: quiet.figures, .promised)
        for fault in faults { context.tell(fault) }
        if after - before > budget { context.tell("the bad peers take more memory than their budgets") }
        figures.append(Figure("bounds that are broken", Double(faults.count), .count, isCompared: false))
        return figures
    }

    private struct Run {
        var figures: IsolationFigures
        /// The share of one processor that this process took.
        var processorShare: Double
        var floodRate = 0.0
    }

    private func latencies(_ word: String, _ figures: IsolationFigures) -> [Figure] {
        figures.all.flatMap { name, latencies in
            [("p50", 0.5), ("p99", 0.99)].map { label, share in
                Figure(
                    "\(word): \(name) \(label)", IsolationFigures.quantile(latencies, share) / .nanoseconds(1),
                    .nanoseconds, isCompared: false)
            }
        }
    }

    // MARK: Runs

    private func undisturbed(
        _ healthy: Healthy, beside flooder: BadPeerProcesses.Peer, _ client: TLSCredentials, _ length: Duration
    ) async throws -> Run {
        let endpoint = Endpoint(port: flooder.port)
        let channel = try RPCChannel(configuration: .benchmark(endpoint, client), logger: .quiet)
        let run: Result<Run, any Error>
        do {
            let stream = try channel.openStream(RPCMethod(path: EtcdMethods.watch))
            let request = WatchCreateRequest(.prefix(RecordKind.ip.prefix()), from: 1)
            try await stream.send(WatchCodec.encodeRequest(.create(request)))
            run = .success(try await running(agent(healthy, [], client)) { try await probe($0, healthy, length) })
            withExtendedLifetime(stream) {}
        } catch {
            run = .failure(error)
        }
        await channel.shutDown()
        return try run.get()
    }

    private func disturbed(
        _ healthy: Healthy, by bad: BadPeerProcesses, _ length: Duration, _ context: ScenarioContext
    ) async throws -> Run {
        try await running(agent(healthy, bad.peers, bad.client)) { agent in
            let mirrors = try bad.peers.compactMap { agent.mirror(of: try ClusterName($0.name)) }
            guard let flooded = mirrors.first(where: { $0.cluster.rawValue == BadPeer.Behaviour.flooding.rawValue })
            else {
                throw BenchmarkError("the flooding peer is not mirrored")
            }
            let deadline = ContinuousClock.now + .seconds(60)
            while flooded.status.throttledFor == .zero, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            let revision = flooded.status.revision.rawValue
            let start = ContinuousClock.now
            var run = try await probe(agent, healthy, length)
            let seconds = start.duration(to: .now) / .seconds(1)
            run.floodRate =
                Double(flooded.status.revision.rawValue - revision) * Double(BadPeer.eventsPerMessage) / seconds
            for mirror in mirrors {
                let status = mirror.status
                context.tell(
                    "\(mirror): \(status.state.rawValue), \(status.keys) keys, \(status.connections) connections, "
                        + "\(status.rejections.total) refused, held back for \(status.throttledFor)")
            }
            let removal = ContinuousClock.now
            try agent.setPeers([try healthy.peer])
            while mirrors.contains(where: { $0.status.state != .gone }) {
                try await Task.sleep(for: .milliseconds(1))
            }
            context.tell("all four were removed in \(removal.duration(to: .now))")
            return run
        }
    }

    private func probe(_ agent: MeshAgent, _ healthy: Healthy, _ length: Duration) async throws -> Run {
        try await agent.waitUntilFollowing(healthy.name)
        let probe = IsolationProbe(agent, peer: healthy.name, id: healthy.id, publish: healthy.publish)
        _ = try await probe.measure(for: .seconds(1))
        let processor = MonotonicTime.ownProcessorTime
        let start = MonotonicTime.now
        let figures = try await probe.measure(for: length)
        let share = Double(MonotonicTime.ownProcessorTime - processor) / Double(MonotonicTime.now - start)
        return Run(figures: figures, processorShare: share)
    }

    // MARK: Agents

    private func agent(
        _ healthy: Healthy, _ bad: [BadPeerProcesses.Peer], _ client: TLSCredentials
    ) throws -> MeshAgent {
        let authority = try CertificateAuthority.create(commonName: "athens")
        let own = try authority.issueServer(cluster: ClusterName("athens")).credentials(
            trusting: authority.certificatePEM)
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: own)
        configuration.peers = [try healthy.peer]
        configuration.peers += try bad.map { peer in
            try PeerConfiguration(
                name: peer.name, id: peer.id, endpoints: ["\(Endpoint(port: peer.port))"], credentials: client)
        }
        configuration.adjustMirror = { mirror in
            mirror.maximumKeys = Self.maximumKeys
            mirror.maximumBytes = Self.maximumBytes
        }
        return try MeshAgent(configuration: configuration, logger: .quiet)
    }

    private func running(
        _ agent: MeshAgent, _ body: @escaping @Sendable (MeshAgent) async throws -> Run
    ) async throws -> Run {
        try await withThrowingTaskGroup(of: Run?.self) { group in
            group.addTask {
                try await agent.run()
                return nil
            }
            defer { group.cancelAll() }
            return try await body(agent)
        }
    }

    /// The started server as a cluster that is mirrored.
    private struct Healthy: Sendable {
        let name: ClusterName
        let id: ClusterID
        let endpoint: Endpoint
        let credentials: TLSCredentials
        let publish: @Sendable (Key, [UInt8]) async throws -> Void

        var peer: PeerConfiguration {
            get throws {
                try PeerConfiguration(
                    name: name.rawValue, id: Int(id.rawValue), endpoints: ["\(endpoint)"], credentials: credentials)
            }
        }

        init(_ server: StartedServer, _ client: ClientKit) async throws {
            name = try ClusterName("bench")
            id = try ClusterID(IsolationScenario.healthyID)
            endpoint = server.watching
            credentials = server.credentials
            let channel = try client.channel(to: server.writing)
            publish = { key, value in
                let request = TransactionCodec.encodeRequest(PutRequest(key, value))
                _ = try await channel.unary(RPCMethod(path: EtcdMethods.put), request, timeout: .seconds(30))
            }
            try await publish(KeyLayout.clusterConfig(of: name), ClusterConfig(id: id.rawValue).encoded())
        }
    }
}

extension MeshAgent {
    /// Waits until a peer's records are followed.
    fileprivate func waitUntilFollowing(_ peer: ClusterName) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while mirror(of: peer)?.status.state != .watching {
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError(
                    "peer '\(peer)' is not followed: \(mirror(of: peer)?.status.lastError ?? "no error")")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
