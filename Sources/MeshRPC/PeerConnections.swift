internal import MeshCore

/// What is the same for all calls of one connection to a server.
final class PeerConnection: Sendable {
    /// The other side's address as core writes it, for example `ipv4:127.0.0.1:4711`.
    let address: String

    private let judge: PeerVerifier.Judge
    private let latestMetadata = Locked(RPCMetadata())
    /// As long as it is held, no other connection has the same one.
    private let authContext: CoreAuthContext?

    init(address: String, judge: @escaping PeerVerifier.Judge, authContext: CoreAuthContext?) {
        self.address = address
        self.judge = judge
        self.authContext = authContext
    }

    /// The same metadata, and the same copy of it as the connection's latest stream has, if that had the same: a client
    /// sends the same with all its streams, and each of them keeps it.
    func shared(_ metadata: RPCMetadata) -> RPCMetadata {
        latestMetadata.withLock { latest in
            if latest != metadata { latest = metadata }
            return latest
        }
    }

    /// The verdict of now on the client's certificate, or the status that tells a refused client so.
    var verdict: Result<PeerIdentity, RPCStatus> {
        judge(.client).mapError { RPCStatus(.unauthenticated, "the client's certificate was refused: \($0.message)") }
    }
}

/// The connections that a server's latest calls came over, so that a connection's certificate is copied out of core and
/// read once, and not at each of its calls.
///
/// Nothing in it can be out of date: a certificate is judged anew at every call. Core does not tell when a connection has
/// ended, so what is kept is bounded by ``capacity``: about 8 KB of each, most of it core's.
final class PeerConnections: Sendable {
    /// The most connections that are kept; beyond, all are forgotten and learnt anew.
    static let capacity = 512

    private let connections = Locked<[UInt: PeerConnection]>([:])

    /// The connection that a call came over.
    func connection(of call: CoreCall, verifier: PeerVerifier) -> PeerConnection {
        func look(at authContext: CoreAuthContext?) -> PeerConnection {
            PeerConnection(
                address: call.peerAddress,
                judge: verifier.judge(of: authContext?.certificate ?? ("", "")),
                authContext: authContext
            )
        }
        guard let authContext = call.authContext else { return look(at: nil) }
        return connection(authContext.identity) { look(at: authContext) }
    }

    /// The connection of an identity, which `look` makes where it is not known.
    func connection(_ identity: UInt, _ look: () -> PeerConnection) -> PeerConnection {
        if let known = connections.withLock({ $0[identity] }) { return known }
        let connection = look()
        let forgotten = connections.withLock { connections in
            var forgotten: [UInt: PeerConnection] = [:]
            if connections.count >= Self.capacity { swap(&connections, &forgotten) }
            connections[identity] = connection
            return forgotten
        }
        // They end outside the lock.
        _ = consume forgotten
        return connection
    }

    /// How many are kept.
    var count: Int { connections.withLock { $0.count } }
}
