public import Logging
public import MeshCore
internal import MeshRPC
internal import MeshWire

/// Asks a cluster's agent on its local listener: what `clustermesh ready` does, and what a program that fills the store
/// from outside does when it is done.
///
/// Each call makes a connection of its own and closes it.
public struct AgentClient: Sendable {
    /// Where the agent listens.
    public var address: LocalAddress

    /// The cluster whose agent it must be; `nil` takes any whose certificate names the host.
    public var cluster: ClusterName?

    /// The own certificate, its key, and the roots that the server's certificate must lead to.
    public var credentials: TLSCredentials

    /// Judges the server's certificate.
    public var verifier: PeerVerifier

    /// How long a call may take, connecting included: at least 1 ms, default 10 s.
    public var timeout: Duration = .seconds(10)

    private let logger: Logger

    /// A client of the agent at `address`.
    public init(
        address: LocalAddress,
        cluster: ClusterName? = nil,
        credentials: TLSCredentials,
        verifier: PeerVerifier,
        logger: Logger
    ) {
        self.address = address
        self.cluster = cluster
        self.credentials = credentials
        self.verifier = verifier
        self.logger = logger
    }

    /// Declares that the store holds all of the cluster's records; returns its revision with what that publishes. Saying
    /// it again is harmless. For writers only.
    ///
    /// - Throws: ``AgentClientError``.
    @discardableResult
    public func declareInitialStateComplete() async throws(AgentClientError) -> Revision {
        let bytes = try await call(AgentMethods.ready, AgentCodec.encodeReadyRequest())
        return try read(bytes, AgentCodec.decodeReadyAnswer)
    }

    /// Asks how the agent is doing.
    ///
    /// - Throws: ``AgentClientError``.
    public func status() async throws(AgentClientError) -> AgentStatus {
        let bytes = try await call(AgentMethods.status, AgentCodec.encodeStatusRequest())
        return try read(bytes, AgentCodec.decodeStatusAnswer)
    }

    private func call(_ path: String, _ request: [UInt8]) async throws(AgentClientError) -> [UInt8] {
        let channel: RPCChannel
        do {
            channel = try RPCChannel(configuration: configuration, logger: logger)
        } catch {
            throw AgentClientError(.invalidArgument, "\(address): \(error.message)")
        }
        let result: Result<[UInt8], RPCStatus>
        do {
            result = .success(try await channel.unary(RPCMethod(path: path), request, timeout: timeout))
        } catch {
            result = .failure(error)
        }
        await channel.shutDown()
        switch result {
        case .success(let bytes): return bytes
        case .failure(let status): throw AgentClientError(status.code, "\(address): \(status.message)")
        }
    }

    private func read<Answer>(
        _ bytes: [UInt8],
        _ decode: ([UInt8]) throws(WireMessageError) -> Answer
    ) throws(AgentClientError) -> Answer {
        do {
            return try decode(bytes)
        } catch {
            throw AgentClientError(.internalError, "\(address) answered with something else: \(error)")
        }
    }

    private var configuration: RPCChannelConfiguration {
        var configuration: RPCChannelConfiguration
        switch address {
        case .tcp(let host, let port):
            configuration = RPCChannelConfiguration(
                host: host, port: port, credentials: credentials, verifier: verifier
            )
        case .unix(let path):
            configuration = RPCChannelConfiguration(unixPath: path, credentials: credentials, verifier: verifier)
        }
        configuration.expectedPeer = .server(cluster: cluster, hosts: [configuration.host])
        configuration.connectTimeout = min(max(timeout, .milliseconds(100)), .seconds(300))
        return configuration
    }
}

/// A call to an agent that failed, and why.
public struct AgentClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is: `unavailable` where nobody answers, `permissionDenied` for who may not ask,
    /// `unimplemented` where something else listens.
    public var code: StatusCode

    /// What happened, at which address.
    public var message: String

    init(_ code: StatusCode, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
