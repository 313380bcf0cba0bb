public import Logging
public import MeshCore
internal import MeshRPC
internal import MeshWire

/// Reads one etcd server over one connection: ranges, and streams of watches. It has no request that writes.
///
/// The connection is made by the first request. Everything fails with the code and text that the server answered, or
/// with Unavailable and the reason where it could not be reached.
///
/// End it with ``shutDown()`` before the last reference goes.
public final class EtcdReader: Sendable {
    private let channel: RPCChannel
    private let requestTimeout: Duration
    private let maximumFragmentBytes: Int
    private let handshakeCount: Locked<Int>

    /// Makes a reader; nothing is sent yet.
    ///
    /// - Throws: `InvalidArgument` if a setting is out of its range or the credentials are not PEM text.
    public init(configuration: EtcdReaderConfiguration, logger: Logger) throws(EtcdError) {
        let endpoint = configuration.endpoint
        let handshakes = Locked(0)
        handshakeCount = handshakes
        var channel = RPCChannelConfiguration(
            host: endpoint.host,
            port: endpoint.port,
            credentials: configuration.credentials,
            verifier: configuration.verifier.counting(into: handshakes)
        )
        channel.unixPath = configuration.unixPath
        channel.resolvedAddress = endpoint.address
        channel.expectedPeer = .server(
            cluster: configuration.cluster,
            hosts: [endpoint.host] + (endpoint.address.map { [$0] } ?? [])
        )
        channel.connectTimeout = configuration.connectTimeout
        channel.keepaliveTime = configuration.keepaliveTime
        channel.keepaliveTimeout = configuration.keepaliveTimeout
        channel.receiveWindowBytes = configuration.receiveWindowBytes
        channel.maximumResponseBytes = configuration.maximumMessageBytes
        do {
            self.channel = try RPCChannel(configuration: channel, logger: logger)
        } catch {
            throw EtcdError(.invalidArgument, "\(endpoint): \(error.message)")
        }
        requestTimeout = configuration.requestTimeout
        maximumFragmentBytes = configuration.maximumFragmentBytes
    }

    /// The server's identity at the last handshake; `nil` before the first.
    public var serverIdentity: PeerIdentity? { channel.serverIdentity }

    /// How many handshakes the server's certificate was judged in: while it stays the same, it was one connection.
    package var handshakes: Int { handshakeCount.withLock { $0 } }

    /// Reads a range.
    ///
    /// - Throws: The server's error; DeadlineExceeded after ``EtcdReaderConfiguration/requestTimeout``; Canceled if the
    ///   task is cancelled; DataLoss if the answer can't be read.
    public func range(_ request: RangeRequest) async throws(EtcdError) -> (ResponseHeader, RangeAnswer) {
        try await call(EtcdMethods.range, RangeCodec.encodeRequest(request), "a Range", RangeCodec.decodeAnswer)
    }

    /// Reads the server's version, such as `3.5.16`.
    ///
    /// - Throws: As ``range(_:)``.
    package func version() async throws(EtcdError) -> String {
        // The request has no fields.
        try await call(EtcdMethods.status, [], "a Status", MaintenanceCodec.decodeStatusAnswer).1.version
    }

    private func call<Answer>(
        _ path: String,
        _ request: [UInt8],
        _ name: String,
        _ decode: ([UInt8]) throws(WireMessageError) -> (header: ResponseHeader?, answer: Answer)
    ) async throws(EtcdError) -> (ResponseHeader, Answer) {
        let bytes: [UInt8]
        do {
            bytes = try await channel.unary(RPCMethod(path: path), request, timeout: requestTimeout)
        } catch {
            throw EtcdError(error)
        }
        let header: ResponseHeader?
        let answer: Answer
        do {
            (header, answer) = try decode(bytes)
        } catch {
            throw EtcdError(.dataLoss, "the answer to \(name) can't be read: \(error)")
        }
        guard let header else { throw EtcdError(.dataLoss, "the answer to \(name) has no header") }
        return (header, answer)
    }

    /// Opens a stream for watches.
    ///
    /// - Throws: Unavailable after ``shutDown()``.
    public func openWatch() throws(EtcdError) -> EtcdWatchStream {
        do {
            // A member that lost its leader ends the stream instead of leaving it silent.
            let stream = try channel.openStream(RPCMethod(path: EtcdMethods.watch), metadata: ["hasleader": "true"])
            return EtcdWatchStream(stream, maximumFragmentBytes: maximumFragmentBytes)
        } catch {
            throw EtcdError(error)
        }
    }

    /// Ends all requests and streams, and gives the connection up.
    public func shutDown() async {
        await channel.shutDown()
    }
}

extension EtcdReader: EtcdSource {}

extension EtcdError {
    /// What a call ended with, in etcd's terms.
    init(_ status: RPCStatus) {
        self.init(status.code, status.message)
    }
}

extension PeerVerifier {
    /// The same judgement, counted.
    fileprivate func counting(into count: Locked<Int>) -> PeerVerifier {
        PeerVerifier { leaf, chain, expected in
            count.withLock { $0 += 1 }
            return verify(leaf, chain, expected)
        }
    }
}
