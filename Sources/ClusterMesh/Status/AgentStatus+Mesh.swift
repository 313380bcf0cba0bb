internal import MeshCore
internal import MeshMirror
internal import MeshRecords
internal import MeshReplica

extension AgentStatus {
    /// The most characters of a key or a message that a peer or its store has chosen.
    static let maximumTextLength = 300

    /// What an agent tells other programs of its cluster.
    ///
    /// - Parameter now: The moment from which times are counted.
    init(_ status: MeshStatus, at now: ContinuousClock.Instant = .now) {
        self.init(
            cluster: status.name.rawValue,
            clusterID: status.id.rawValue,
            isInitialStateComplete: status.isInitialStateComplete,
            storeID: status.storeID,
            revision: status.revision,
            peers: status.peers.map {
                Peer($0, clientCertificateExpiry: status.clientCertificateExpiries[$0.cluster], at: now)
            }
        )
        certificateExpiry = status.certificateExpiry
        rejectedLocalRecords = Int64(status.rejectedLocalRecords)
        followed = status.followed.map { Followed($0, at: now) }
        peerFaults = status.peerFaults.map { fault in
            PeerFault(
                file: fault.file, line: fault.line.map(Int64.init), key: fault.key, message: fault.message.shortened,
                isHarmless: fault.effect == .ignored)
        }
        conflicts = Conflicts(
            addresses: Int64(status.conflicts.addressCount),
            podCIDRs: Int64(status.conflicts.podCIDRCount),
            examples: status.conflicts.podCIDRs.map(\.description) + status.conflicts.addresses.map(\.description)
        )
    }
}

extension AgentStatus.Followed {
    init(_ status: ReplicaStatus, at now: ContinuousClock.Instant) {
        self.init(
            state: status.state.rawValue,
            since: status.since.duration(to: now),
            endpoint: status.endpoint?.description ?? "",
            staleness: status.staleness,
            lastError: status.lastError?.shortened
        )
    }
}

extension AgentStatus.Peer {
    init(_ status: MirrorStatus, clientCertificateExpiry: Int64?, at now: ContinuousClock.Instant) {
        self.init(
            cluster: status.cluster.rawValue,
            state: status.state.rawValue,
            isCurrent: status.state.isCurrent,
            revision: status.revision,
            lastError: status.lastError?.shortened
        )
        id = status.id?.rawValue
        since = status.since.duration(to: now)
        staleness = status.staleness
        nextAttempt = status.nextAttempt.map { max(.zero, now.duration(to: $0)) }
        failures = Int64(status.failures)
        lastFailure = status.lastFailure?.duration(to: now)
        connections = Int64(status.connections)
        synchronisations = Int64(status.synchronisations)
        endpoint = status.endpoint?.description ?? ""
        endpoints = status.endpoints.map { Endpoint($0, at: now) }
        storeID = status.storeID ?? 0
        storeRevision = status.storeRevision
        lag = status.lagTime
        heartbeatAge = status.heartbeatAge
        kinds = RecordKind.allCases.compactMap { kind in
            status.kinds[kind].map { Kind(kind, $0) }
        }
        outdated = Int64(status.outdated)
        rejections = Rejections(status.rejections)
        budget = Budget(
            keys: Int64(status.keys), maximumKeys: Int64(status.maximumKeys), bytes: Int64(status.bytes),
            maximumBytes: Int64(status.maximumBytes), refusals: Int64(status.budgetRefusals))
        resyncs = status.resyncs.sorted { $0.key.rawValue < $1.key.rawValue }.map { cause, count in
            Resync(cause: cause.rawValue, count: Int64(count))
        }
        throttled = status.throttledFor
        serviceExpirations = Int64(status.serviceExpirations)
        serverCertificateExpiry = status.serverIdentity.map(\.notAfter)
        self.clientCertificateExpiry = clientCertificateExpiry
        config = status.config.map(Config.init)
        unsupported = status.unsupported.map(\.shortened)
    }
}

extension AgentStatus.Peer.Endpoint {
    init(_ status: EndpointStatus, at now: ContinuousClock.Instant) {
        self.init(
            url: status.endpoint.description,
            attempts: Int64(status.attempts),
            lastAttempt: status.lastAttempt?.duration(to: now),
            lastError: status.lastError?.shortened
        )
    }
}

extension AgentStatus.Peer.Kind {
    init(_ kind: RecordKind, _ status: KindStatus) {
        self.init(
            name: kind.rawValue, isFollowed: status.isFollowed, isAwaitingCanary: status.isAwaitingCanary,
            isSynced: status.isSynced, count: Int64(status.count))
    }
}

extension AgentStatus.Peer.Rejections {
    init(_ summary: RejectionSummary) {
        self.init(
            total: Int64(summary.total),
            current: Int64(summary.current),
            examples: summary.examples.suffix(Self.maximumExamples).map { rejection in
                Example(
                    key: rejection.key.description.shortened, revision: rejection.revision,
                    reason: rejection.reason.shortened)
            }
        )
    }
}

extension AgentStatus.Peer.Config {
    init(_ config: ClusterConfig) {
        self.init(
            id: config.id,
            isCached: config.cached,
            hasCanaries: config.syncedCanaries,
            maximumClusters: config.maxConnectedClusters,
            exportsServices: config.serviceExportsEnabled,
            endpointSlices: config.endpointSlicesExportMode.shortened
        )
    }
}

extension String {
    /// As much of the text as a status has room for.
    fileprivate var shortened: String {
        let most = AgentStatus.maximumTextLength
        return utf8.count > most && count > most ? prefix(most) + "…" : self
    }
}
