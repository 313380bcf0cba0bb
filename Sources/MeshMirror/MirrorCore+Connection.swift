internal import Logging
internal import MeshClient
internal import MeshCore
internal import MeshRecords

// MARK: - The life of a connection

extension MirrorCore {
    /// It is time to connect; answers how to, `nil` if the mirror ends.
    func connectionDue() -> EtcdReaderConfiguration? {
        if Task.isCancelled { return nil }
        var generator = RandomNumbers()
        return update { state in
            guard let endpoint = state.machine.connectionDue(using: &generator) else { return nil }
            let now = ContinuousClock.now
            state.connection.began = now
            state.connection.ending = nil
            state.listing = []
            // What decides over the connection is read anew on each.
            state.forget(MirrorRange.control)
            state.identification.connectionBegan()
            state.kinds.connectionBegan()
            state.heartbeat.connectionBegan()
            state.status.noteAttempt(at: endpoint, now)
            return configuration.reader(of: endpoint, state.connection.credentials, verifier.verifier)
        }
    }

    /// Something is waited for that `interrupt` ends: at once if the mirror already wants it to end.
    func waitBegan(
        serverIdentity: (@Sendable () -> PeerIdentity?)? = nil, interrupt: @escaping @Sendable () -> Void
    ) {
        update { state in
            state.connection.serverIdentity = serverIdentity
            state.connection.interrupt = interrupt
            if state.connection.ending != nil, serverIdentity != nil { state.afterwards.append(interrupt) }
        }
    }

    /// What was waited for has ended.
    func waitEnded() {
        update { state in
            state.connection.interrupt = nil
            state.status.serverIdentity = state.connection.serverIdentity?() ?? state.status.serverIdentity
            state.connection.serverIdentity = nil
        }
    }

    /// The time before the next attempt.
    var timeToNextAttempt: Duration {
        let now = ContinuousClock.now
        return read { state in state.machine.nextAttempt.map { max(.zero, now.duration(to: $0)) } ?? .zero }
    }

    /// The connection ended.
    func connectionEnded(_ error: FollowError) -> MirrorStateMachine.EndAction {
        let random = Double.random(in: 0..<1)
        let now = ContinuousClock.now
        verifier.connectionEnded()
        return update { state in
            let ending = state.connection.ending
            // Our own end is not the peer's failure.
            if Task.isCancelled {
                state.machine.shutDown()
            } else if ending?.isFailure ?? true {
                state.status.noteError("\(ending?.error ?? error)")
            }
            state.identification.connectionBegan()
            state.kinds.connectionBegan()
            state.heartbeat.connectionBegan()
            state.expiry.connectionEnded(at: now)
            return state.machine.connectionEnded(ending, at: now, random: random)
        }
    }

    /// What of a connection has a time of its own.
    enum TimeCheck {
        /// Everything is in time; look again after this time.
        case again(after: Duration)
        /// The connection is to be ended.
        case end
    }

    /// Looks whether the present connection is in time.
    func checkTime(at now: ContinuousClock.Instant = .now) -> TimeCheck {
        update { state in
            let connection = state.connection
            guard connection.ending == nil else { return .end }
            var deadlines = [now + Self.longestPause]
            if !state.identification.isIdentified {
                let deadline = connection.began + configuration.identifyTimeout
                guard now < deadline else {
                    state.connection.ending = .identifyTimedOut(configuration.identifyTimeout, configuration.cluster)
                    return .end
                }
                deadlines += [deadline, now + Self.shortestPause]
            }
            if let deadline = state.heartbeat.deadline {
                guard now < deadline else {
                    state.connection.ending = .heartbeatMissed(configuration.heartbeatTimeout ?? .zero)
                    return .end
                }
                deadlines.append(deadline)
            }
            return .again(after: now.duration(to: deadlines.min() ?? now))
        }
    }

    /// The times between two looks at the clock. Swift keeps what a cancelled sleep took until its time is up, so that no
    /// sleep may be long while connections come and go.
    private static let longestPause: Duration = .seconds(5)
    private static let shortestPause: Duration = .milliseconds(500)

    /// Looks whether the services of a lost peer are to leave, and begins with it; answers when to look again.
    func checkServiceExpiry(at now: ContinuousClock.Instant = .now) -> Duration {
        update { state in
            if state.expiry.expires(at: now) {
                state.withdraw([.service, .serviceExport], isToldToSink: false)
                state.status.serviceExpirations += 1
                state.tell(.servicesExpired)
            }
            let pause = Duration.seconds(1)
            return state.expiry.deadline.map { min(pause, max(.zero, now.duration(to: $0))) } ?? pause
        }
    }
}

// MARK: - Changes while it runs

extension MirrorCore {
    func replaceEndpoints(_ endpoints: [EtcdEndpoint]) {
        guard let rotation = EndpointRotation(endpoints) else {
            logger.warning("mirror of \(configuration.cluster): an empty list of endpoints is not taken")
            return
        }
        update { state in
            guard state.status.endpoints.map(\.endpoint) != endpoints else { return }
            let known = Dictionary(state.status.endpoints.map { ($0.endpoint, $0) }, uniquingKeysWith: { $1 })
            state.status.endpoints = endpoints.map { known[$0] ?? EndpointStatus($0) }
            switch state.machine.endpointsReplaced(rotation, at: .now) {
            case .endConnection: state.endConnection(.endpointsReplaced)
            case .endWait: if let interrupt = state.connection.interrupt { state.afterwards.append(interrupt) }
            case .nothing: break
            }
        }
    }

    func replaceCredentials(_ credentials: TLSCredentials) {
        update { $0.connection.credentials = credentials }
    }

    func replaceVerifier(_ verifier: PeerVerifier) {
        guard let refusal = self.verifier.replace(with: verifier) else { return }
        update { state in
            switch state.machine.state {
            case .connecting, .identifying, .listing, .watching, .resyncing:
                state.endConnection(.serverRefused("\(refusal)"))
            case .idle, .disconnected, .draining, .gone: break
            }
        }
    }
}

extension MirrorCore.State {
    fileprivate mutating func endConnection(_ ending: ConnectionEnding) {
        guard connection.ending == nil else { return }
        connection.ending = ending
        if let interrupt = connection.interrupt { afterwards.append(interrupt) }
    }
}

extension MirrorStatus {
    fileprivate mutating func noteAttempt(at endpoint: EtcdEndpoint, _ now: ContinuousClock.Instant) {
        self.endpoint = endpoint
        for index in endpoints.indices where endpoints[index].endpoint == endpoint {
            endpoints[index].attempts += 1
            endpoints[index].lastAttempt = now
        }
    }

    fileprivate mutating func noteError(_ error: String) {
        lastError = error
        for index in endpoints.indices where endpoints[index].endpoint == endpoint {
            endpoints[index].lastError = error
        }
    }
}
