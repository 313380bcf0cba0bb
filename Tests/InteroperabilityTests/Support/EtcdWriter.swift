import Logging
import MeshCore
import MeshRPC
import MeshTLS
import MeshWire
import TestSupport

/// Writes to a real etcd, and reads from any etcd server, one request and one answer at a time.
///
/// It exists for tests only: no library module has a client that writes. What the server answers with comes as an
/// `EtcdError`. End it with ``shutDown()``.
final class EtcdWriter: Sendable {
    /// How long one call may take.
    static let timeout = Duration.seconds(20)

    private let channel: RPCChannel

    /// A client of the server on `port` of 127.0.0.1; `receiveWindowBytes` bounds what of a stream may wait here.
    init(port: Int, credentials: TLSCredentials, receiveWindowBytes: Int? = nil) throws {
        var configuration = RPCChannelConfiguration(
            host: "127.0.0.1",
            port: port,
            credentials: credentials,
            verifier: .mesh()
        )
        if let receiveWindowBytes { configuration.receiveWindowBytes = receiveWindowBytes }
        channel = try RPCChannel(configuration: configuration, logger: Logger(label: "EtcdWriter"))
    }

    /// A client of `etcd`.
    convenience init(_ etcd: EtcdProcess) throws {
        try self.init(port: etcd.port, credentials: etcd.client)
    }

    @discardableResult
    func put(_ key: Key, _ value: String) async throws(EtcdError) -> PutAnswer {
        try await perform(PutRequest(key, Array(value.utf8)))
    }

    @discardableResult
    func delete(_ range: KeyRange) async throws(EtcdError) -> DeleteAnswer {
        try await perform(DeleteRequest(range))
    }

    @discardableResult
    func perform(_ request: PutRequest) async throws(EtcdError) -> PutAnswer {
        let bytes = try await call(EtcdMethods.put, TransactionCodec.encodeRequest(request))
        return try Self.read(bytes) { (bytes) throws(WireMessageError) in
            try TransactionCodec.decodePutAnswer(bytes).answer
        }
    }

    @discardableResult
    func perform(_ request: DeleteRequest) async throws(EtcdError) -> DeleteAnswer {
        let bytes = try await call(EtcdMethods.deleteRange, TransactionCodec.encodeRequest(request))
        return try Self.read(bytes) { (bytes) throws(WireMessageError) in
            try TransactionCodec.decodeDeleteAnswer(bytes).answer
        }
    }

    @discardableResult
    func perform(_ request: TransactionRequest) async throws(EtcdError) -> TransactionAnswer {
        let bytes = try await call(EtcdMethods.transaction, TransactionCodec.encodeRequest(request))
        return try Self.read(bytes) { (bytes) throws(WireMessageError) in
            try TransactionCodec.decodeTransactionAnswer(bytes).answer
        }
    }

    /// Compacts, and returns the store's revision afterwards.
    @discardableResult
    func compact(to revision: Revision, physical: Bool = true) async throws(EtcdError) -> Revision {
        let request = CompactionRequest(revision, physical: physical)
        let bytes = try await call(EtcdMethods.compact, TransactionCodec.encodeRequest(request))
        return try Self.read(bytes) { (bytes) throws(WireMessageError) in
            try TransactionCodec.decodeCompactionAnswer(bytes)?.revision ?? .none
        }
    }

    // MARK: Leases

    @discardableResult
    func perform(_ request: LeaseGrantRequest) async throws(EtcdError) -> LeaseGrantAnswer {
        let bytes = try await call(EtcdMethods.leaseGrant, LeaseCodec.encodeRequest(request))
        return try Self.read(bytes, LeaseCodec.decodeGrantAnswer).answer
    }

    /// Revokes a lease, and returns the store's revision afterwards.
    @discardableResult
    func revoke(_ id: LeaseID) async throws(EtcdError) -> Revision {
        let bytes = try await call(EtcdMethods.leaseRevoke, LeaseCodec.encodeRevokeRequest(id))
        return try Self.read(bytes, LeaseCodec.decodeRevokeAnswer)?.revision ?? .none
    }

    func perform(_ request: LeaseTimeToLiveRequest) async throws(EtcdError) -> LeaseTimeToLiveAnswer {
        let bytes = try await call(EtcdMethods.leaseTimeToLive, LeaseCodec.encodeRequest(request))
        return try Self.read(bytes, LeaseCodec.decodeTimeToLiveAnswer).answer
    }

    func leases() async throws(EtcdError) -> LeaseListAnswer {
        try Self.read(try await call(EtcdMethods.leaseLeases, []), LeaseCodec.decodeListAnswer).answer
    }

    /// Keeps a lease alive once, on a stream of its own.
    func keepAlive(_ id: LeaseID) async throws(EtcdError) -> LeaseKeepAliveAnswer {
        let bytes: [UInt8]?
        do {
            let stream = try channel.openStream(RPCMethod(path: EtcdMethods.leaseKeepAlive))
            defer { stream.cancel() }
            try await stream.send(LeaseCodec.encodeKeepAliveRequest(id))
            bytes = try await within(Self.timeout, "the answer to a keep-alive") { try await stream.next() }
        } catch let status as RPCStatus {
            throw EtcdError(status.code, status.message)
        } catch {
            throw EtcdError(.deadlineExceeded, "\(error)")
        }
        guard let bytes else { throw EtcdError(.dataLoss, "the stream ended without an answer") }
        return try Self.read(bytes, LeaseCodec.decodeKeepAliveAnswer).answer
    }

    // MARK: Reads

    func range(_ request: RangeRequest) async throws(EtcdError) -> (header: ResponseHeader?, answer: RangeAnswer) {
        let bytes = try await call(EtcdMethods.range, RangeCodec.encodeRequest(request))
        return try Self.read(bytes, RangeCodec.decodeAnswer)
    }

    /// Sends bytes to any method, as they are.
    func call(_ path: String, _ request: [UInt8]) async throws(EtcdError) -> [UInt8] {
        do {
            return try await channel.unary(RPCMethod(path: path), request, timeout: Self.timeout)
        } catch {
            throw EtcdError(error.code, error.message)
        }
    }

    /// Opens a stream of watches.
    func openWatch() throws(RPCStatus) -> RPCStream {
        try channel.openStream(RPCMethod(path: EtcdMethods.watch))
    }

    func shutDown() async {
        await channel.shutDown()
    }

    private static func read<Answer>(
        _ bytes: [UInt8],
        _ decode: ([UInt8]) throws(WireMessageError) -> Answer
    ) throws(EtcdError) -> Answer {
        do {
            return try decode(bytes)
        } catch {
            throw error.etcdError
        }
    }
}

/// Runs `body` with a client of `etcd`, which is shut down whatever happens.
func withEtcdWriter(_ etcd: EtcdProcess, _ body: (EtcdWriter) async throws -> Void) async throws {
    try await withEtcdWriter(try EtcdWriter(etcd), body)
}

/// Runs `body` with `writer`, which is shut down whatever happens.
func withEtcdWriter(_ writer: EtcdWriter, _ body: (EtcdWriter) async throws -> Void) async throws {
    do {
        try await body(writer)
    } catch {
        await writer.shutDown()
        throw error
    }
    await writer.shutDown()
}
