import Logging
import MeshCore
import MeshRPC
import MeshStore
import MeshTLS
import MeshWire
import TestSupport

@testable import MeshLocalAPI

/// A local server of cluster `athens`, with the store it serves.
struct LocalFixture: Sendable {
    let store: KVStore
    let server: LocalServer

    /// Runs `body` with a server that runs, and a store that expires leases; stops both afterwards.
    static func run(
        _ store: KVStore = KVStore(),
        agent: LocalAgent? = nil,
        configure: (inout LocalServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (LocalFixture) async throws -> Void
    ) async throws {
        let server = try makeServer(store, agent: agent, configure: configure)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await store.run() }
            defer { group.cancelAll() }
            try await body(LocalFixture(store: store, server: server))
        }
    }

    static func makeServer(
        _ store: KVStore,
        agent: LocalAgent? = nil,
        configure: (inout LocalServerConfiguration) -> Void = { _ in }
    ) throws -> LocalServer {
        var configuration = LocalServerConfiguration(
            cluster: try ClusterName("athens"),
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        configure(&configuration)
        return try LocalServer(configuration: configuration, store: store, agent: agent, logger: quietLogger)
    }

    /// Runs `body` with a client whose certificate says `commonName`; closes its connection afterwards.
    func withClient(
        _ commonName: String = "admin-athens",
        _ body: (LocalClient) async throws -> Void
    ) async throws {
        try await LocalClient.with(server.address, as: commonName, body)
    }
}

/// Long enough for a machine that runs many tests at once under a sanitizer; a test that waits this long has failed.
let testDeadline = Duration.seconds(60)

/// Says nothing below critical errors.
let quietLogger: Logger = {
    var logger = Logger(label: "local-tests")
    logger.logLevel = .critical
    return logger
}()

/// Something came that must not come.
struct Unexpected: Error, CustomStringConvertible {
    var description: String
}

/// A client with which a test can also say what no real client says.
struct LocalClient: Sendable {
    let channel: RPCChannel

    /// Runs `body` with a client of athens' server at `address`; closes its connection afterwards.
    static func with(
        _ address: LocalAddress,
        as commonName: String,
        _ body: (LocalClient) async throws -> Void
    ) async throws {
        let credentials = try TestCertificates.client(commonName)
        var configuration: RPCChannelConfiguration
        switch address {
        case .tcp(let host, let port):
            configuration = RPCChannelConfiguration(
                host: host, port: port, credentials: credentials, verifier: .mesh()
            )
        case .unix(let path):
            configuration = RPCChannelConfiguration(unixPath: path, credentials: credentials, verifier: .mesh())
        }
        configuration.expectedPeer = .server(cluster: try ClusterName("athens"), hosts: [configuration.host])
        let channel = try RPCChannel(configuration: configuration, logger: quietLogger)
        do {
            try await body(LocalClient(channel: channel))
        } catch {
            await channel.shutDown()
            throw error
        }
        await channel.shutDown()
    }

    /// Calls a unary method with any bytes.
    func call(_ path: String, _ request: [UInt8]) async throws -> [UInt8] {
        try await channel.unary(RPCMethod(path: path), request, timeout: testDeadline)
    }

    /// How a call ended that must not succeed.
    func refusal(_ path: String, _ request: [UInt8]) async throws -> EtcdError {
        do {
            let answer = try await call(path, request)
            throw Unexpected(description: "\(path) answered with \(answer.count) bytes")
        } catch let status as RPCStatus {
            return EtcdError(status.code, status.message)
        }
    }

    /// Opens a stream of any method.
    func open(_ path: String) throws -> LocalStream {
        LocalStream(stream: try channel.openStream(RPCMethod(path: path)))
    }

    // MARK: - Calls as clients make them

    func put(_ key: Key, _ value: String, lease: LeaseID = .none) async throws -> (ResponseHeader?, PutAnswer) {
        var request = PutRequest(key, Array(value.utf8))
        request.lease = lease
        request.previousPair = true
        let bytes = try await call(EtcdMethods.put, TransactionCodec.encodeRequest(request))
        return try TransactionCodec.decodePutAnswer(bytes)
    }

    func delete(_ range: KeyRange) async throws -> (ResponseHeader?, DeleteAnswer) {
        let bytes = try await call(EtcdMethods.deleteRange, TransactionCodec.encodeRequest(DeleteRequest(range)))
        return try TransactionCodec.decodeDeleteAnswer(bytes)
    }

    func range(_ range: KeyRange) async throws -> RangeAnswer {
        let bytes = try await call(EtcdMethods.range, RangeCodec.encodeRequest(RangeRequest(range)))
        return try RangeCodec.decodeAnswer(bytes).answer
    }

    func grant(_ ttl: Int64, id: LeaseID = .none) async throws -> LeaseGrantAnswer {
        let bytes = try await call(
            EtcdMethods.leaseGrant, LeaseCodec.encodeRequest(LeaseGrantRequest(ttl: ttl, id: id)))
        return try LeaseCodec.decodeGrantAnswer(bytes).answer
    }

    func revoke(_ lease: LeaseID) async throws -> ResponseHeader? {
        let bytes = try await call(EtcdMethods.leaseRevoke, LeaseCodec.encodeRevokeRequest(lease))
        return try LeaseCodec.decodeRevokeAnswer(bytes)
    }
}

/// A stream whose every wait has a deadline.
struct LocalStream: Sendable {
    let stream: RPCStream

    func send(_ bytes: [UInt8]) async throws {
        try await stream.send(bytes)
    }

    func finishSending() async throws {
        try await stream.finishSending()
    }

    /// Ends the stream.
    func cancel() {
        stream.cancel()
    }

    /// The next message, or `nil` at an end with OK.
    func next() async throws -> [UInt8]? {
        let stream = stream
        return try await within(testDeadline, "the next message of a stream") { try await stream.next() }
    }

    /// The status of a stream that must end without another message.
    func failure() async throws -> EtcdError {
        do {
            let message = try await next()
            throw Unexpected(description: "\(message.map { "\($0.count) bytes" } ?? "an end with OK"), not a failure")
        } catch let status as RPCStatus {
            return EtcdError(status.code, status.message)
        }
    }
}
