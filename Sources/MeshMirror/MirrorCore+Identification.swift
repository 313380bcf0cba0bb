internal import Logging
internal import MeshClient
internal import MeshCore
internal import MeshRecords

extension MirrorCore {
    /// The cluster config was listed or written; `nil`: it is gone.
    func configTold(_ config: Result<ClusterConfig, RecordError>?) async throws(FollowError) {
        try await perform(update { $0.identification.configTold(config) })
    }

    /// What was told of the cluster config is true on this connection.
    func configCaughtUp() async throws(FollowError) {
        try await perform(update { $0.identification.configCaughtUp() })
    }

    private func perform(_ action: IdentificationStateMachine.Action) async throws(FollowError) {
        switch action {
        case .nothing:
            return
        case .skip(let reason):
            logger.warning("mirror of \(configuration.cluster): \(reason)")
        case .refuse(let reason):
            throw FollowError(.refused, reason)
        case .reconnect:
            update { $0.connection.ending = $0.connection.ending ?? .configChanged }
            throw ConnectionEnding.configChanged.error
        case .identify(let identity):
            try await identify(identity)
        }
    }

    /// Makes room for the peer that is to be followed from here on: what is held of it under another number, and what it
    /// exports no longer, leaves first.
    private func identify(_ identity: IdentificationStateMachine.Identity) async throws(FollowError) {
        // Services may just be leaving because the peer was away for too long.
        await finishWithdrawal()
        let former = update { $0.identification.identity }
        if let former, former.id != identity.id {
            logger.warning(
                "mirror of \(configuration.cluster): its ID is \(identity.id) instead of \(former.id); all that is held leaves"
            )
            await withdrawEverything()
        }
        if former?.id != identity.id {
            do {
                try configuration.idReservation.reserve(identity.id)
            } catch {
                throw FollowError(.refused, "the peer's ID can't be used: \(error.message)")
            }
            update { $0.hasReservation = true }
        }
        let exported = Set(identity.config.exportedKinds)
        update { $0.withdraw(RecordKind.allCases.filter { !exported.contains($0) }, isToldToSink: true) }
        await finishWithdrawal()
        update { state in
            state.identified(identity, in: configuration.idSpace, cluster: configuration.cluster)
        }
    }

    /// Lets all records go, tells the sink that the peer is gone, and gives its number back.
    func withdrawEverything() async {
        update { $0.withdraw(RecordKind.allCases, isToldToSink: false) }
        await finishWithdrawal()
        let isReserved = update { state in
            defer { state.hasReservation = false }
            state.cache.forgetRefusals()
            state.identification.forgotten()
            state.toldConfig = nil
            state.status.config = nil
            state.status.unsupported = []
            state.status.id = configuration.id
            state.tell(.withdrawn)
            return state.hasReservation
        }
        if isReserved { configuration.idReservation.release() }
    }
}

extension MirrorCore.State {
    fileprivate mutating func identified(
        _ identity: IdentificationStateMachine.Identity, in space: ClusterID.Space, cluster: ClusterName
    ) {
        let config = identity.config
        let formerLayout = kinds.layout
        identification.identified(identity)
        kinds.identified(config)
        if kinds.layout != formerLayout {
            forget(RecordKind.allCases.flatMap { MirrorRange.records($0) })
            layoutChange.begin(kinds.kinds)
            cache.forgetRefusals()
        }
        decoder = RecordDecoder(cluster: cluster, id: identity.id, space: space, layout: kinds.layout)
        expiry.identified()
        status.id = identity.id
        status.config = identity.isPublished ? config : nil
        status.unsupported = config.unsupported
        if toldConfig != config {
            toldConfig = config
            tell(.identified(config))
        }
        machine.identified(following: kinds.ranges)
    }
}

extension ClusterConfig {
    /// What a mirror can't make use of, in words for an operator.
    var unsupported: [String] {
        exportedKinds.contains(.service)
            ? [] : ["it exports its services as endpoint slices only, which are not supported; none is followed"]
    }
}
