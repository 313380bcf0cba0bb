import Glibc
import MeshCore
import MeshTLS
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct MeshRPCUnixSocketTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("local.sock")
    }

    private func withChannel<Result: Sendable>(
        _ credentials: TLSCredentials? = nil,
        expecting cluster: String = "athens",
        _ body: (RPCChannel) async throws -> Result
    ) async throws -> Result {
        let credentials = try credentials ?? TestCertificates.client()
        var configuration = RPCChannelConfiguration(unixPath: path, credentials: credentials, verifier: .mesh())
        configuration.expectedPeer = .server(cluster: try ClusterName(cluster), hosts: ["localhost"])
        let channel = try RPCChannel(configuration: configuration, logger: quietLogger)
        do {
            let result = try await body(channel)
            await channel.shutDown()
            return result
        } catch {
            await channel.shutDown()
            throw error
        }
    }

    private func echo(_ bytes: [UInt8]) async throws -> [UInt8] {
        try await withChannel { try await $0.unary(.echo, bytes, timeout: .seconds(30)) }
    }

    /// Why a server cannot listen on `path`; `nil` if it can.
    private func fault(listeningOn path: String) async throws -> RPCServerError? {
        var configuration = RPCServerConfiguration(credentials: try TestCertificates.server(), verifier: .mesh())
        configuration.unixPath = path
        do throws(RPCServerError) {
            let server = try RPCServer(configuration: configuration, handlers: .echo, logger: quietLogger)
            await server.shutDown(grace: .zero)
            return nil
        } catch {
            return error
        }
    }

    private func mode(of path: String) throws -> mode_t {
        var status = Glibc.stat()
        try #require(lstat(path, &status) == 0, "\(path) is not there")
        return status.st_mode & 0o777
    }

    private func isThere(_ path: String) -> Bool {
        var status = Glibc.stat()
        return lstat(path, &status) == 0
    }

    /// What a killed process leaves: a socket's file that nobody listens on.
    private func leaveStaleSocket() throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let result = UnixSocketFile(path: path).withSocketAddress { bind(descriptor, $0, $1) }
        try #require(result == 0)
        try #require(listen(descriptor, 1) == 0)
    }

    @Test func callsAndStreamsGoOverItWithBothCertificates() async throws {
        var handlers = RPCHandlers.echo
        handlers.unary(.echo) { context, request in
            #expect(context.peer.commonName == "admin-athens")
            return RPCPayload(request)
        }
        try await Fixture.with(handlers) {
            $0.unixPath = path
        } _: { fixture in
            #expect(fixture.port == 0)
            let credentials = try TestCertificates.client("admin-athens")
            try await withChannel(credentials) { channel in
                #expect(channel.authority == path)
                #expect(try await channel.unary(.echo, [1, 2], timeout: .seconds(30)) == [1, 2])
                #expect(channel.serverIdentity?.dnsNames.contains("athens.mesh.cilium.io") == true)
                let stream = try channel.openStream(.echoStream)
                try await stream.send([3])
                #expect(try await stream.next() == [3])
            }
        }
    }

    @Test func certificatesAreJudgedAsOnAnyOtherListener() async throws {
        try await Fixture.with(.echo) {
            $0.unixPath = path
        } _: { _ in
            let foreign = await #expect(throws: RPCStatus.self) {
                try await withChannel(TestCertificates.foreignClient()) {
                    try await $0.unary(.echo, [], timeout: .seconds(30))
                }
            }
            #expect(foreign?.code == .unavailable)
            let wrongCluster = await #expect(throws: RPCStatus.self) {
                try await withChannel(expecting: "hurup") { try await $0.unary(.echo, [], timeout: .seconds(30)) }
            }
            #expect(wrongCluster?.message.contains("not of cluster hurup") == true)
            #expect(wrongCluster?.message.contains(path) == true)
        }
    }

    @Test func onlyItsOwnerReachesIt() async throws {
        let missing = directory.file("run")
        let path = missing + "/local.sock"
        try await Fixture.with(.echo) {
            $0.unixPath = path
        } _: { _ in
            let modes = try [mode(of: missing), mode(of: path)]
            #expect(modes == [0o700, 0o600])
        }
    }

    @Test func itIsGoneWithItsServer() async throws {
        try await Fixture.with(.echo) {
            $0.unixPath = path
        } _: { _ in
            #expect(isThere(path))
        }
        #expect(!isThere(path))
    }

    @Test func aDirectoryThatOthersMayEnterIsRefused() async throws {
        for mode: mode_t in [0o701, 0o750, 0o777] {
            chmod(directory.path, mode)
            let error = try await fault(listeningOn: path)
            #expect(error?.code == .cannotListen)
            #expect(error?.message.contains("chmod 700") == true)
            #expect(error?.message.contains(directory.path) == true)
            #expect(!isThere(path))
        }
        chmod(directory.path, 0o700)
        #expect(try await fault(listeningOn: path) == nil)
    }

    @Test func aSocketThatAKilledProcessLeftIsReplaced() async throws {
        try leaveStaleSocket()
        try await Fixture.with(.echo) {
            $0.unixPath = path
        } _: { _ in
            let answer = try await echo([7])
            #expect(answer == [7])
            let mode = try mode(of: path)
            #expect(mode == 0o600)
        }
    }

    @Test func aSocketThatIsListenedOnIsRefusedAndGoesOn() async throws {
        try await Fixture.with(.echo) {
            $0.unixPath = path
        } _: { _ in
            let error = try await fault(listeningOn: path)
            #expect(error?.code == .cannotListen)
            #expect(error?.message.contains("somebody listens on \(path) already") == true)
            #expect(try await echo([8]) == [8])
        }
    }

    @Test func aFileThatIsNoSocketIsRefusedAndKept() async throws {
        try directory.write("precious", to: "local.sock")
        let error = try await fault(listeningOn: path)
        #expect(error?.message.contains("\(path) is there and no socket") == true)
        #expect(try directory.read("local.sock") == "precious")
    }

    @Test func aDirectoryThatCannotBeMadeIsNamed() async throws {
        let error = try await fault(listeningOn: directory.file("no/such/local.sock"))
        #expect(error?.code == .cannotListen)
        #expect(error?.message.contains("\(directory.path)/no/such: No such file or directory") == true)
    }

    @Test(arguments: [
        ("local.sock", "absolute"), ("", "absolute"), ("//run/local.sock", "absolute"), ("/run/", "directory"),
        ("/run/" + String(repeating: "a", count: 103), "at most 107"), ("/run/a b", "byte 32"),
        ("/run/a?b", "'?'"), ("/run/a%20b", "'%'"), ("/run/a#b", "'#'"), ("/run/ä", "byte"),
    ])
    func aPathThatCannotBeOneIsRefusedByServerAndChannel(path: String, reason: String) async throws {
        let error = try await fault(listeningOn: path)
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        let configuration = RPCChannelConfiguration(
            unixPath: path, credentials: try TestCertificates.client(), verifier: .mesh()
        )
        let channelError = #expect(throws: RPCChannelError.self) {
            try RPCChannel(configuration: configuration, logger: quietLogger)
        }
        #expect(channelError?.message == error?.message)
    }

    @Test func theLongestPathIsOne() {
        #expect(UnixSocketFile.fault(of: "/" + String(repeating: "a", count: 106)) == nil)
        #expect(UnixSocketFile.fault(of: "/" + String(repeating: "a", count: 107)) != nil)
        #expect(UnixSocketFile(path: "/local.sock").directory == "/")
        #expect(UnixSocketFile(path: "/run/mesh/local.sock").directory == "/run/mesh")
    }

    @Test func aChannelToNobodyNamesTheSocket() async throws {
        let status = await #expect(throws: RPCStatus.self) { try await echo([1]) }
        #expect(status?.code == .unavailable)
        #expect(status?.message.contains(path) == true)
    }

    @Test func aProbeTellsALivingOneFromADeadOne() async throws {
        let probe = ListenerProbe(listeningOn: UnixSocketFile(path: path), patience: .seconds(10))
        #expect(await probe.look() == .dead)
        try leaveStaleSocket()
        #expect(await probe.look() == .dead)
        try await Fixture.with(.echo) {
            $0.unixPath = path
        } _: { _ in
            #expect(await probe.look() == .alive)
        }
    }

    @Test func aSocketWhoseFileIsRemovedIsMadeAnew() async throws {
        try await Fixture.with(.echo) {
            $0.unixPath = path
            $0.listenerProbeInterval = .seconds(1)
        } _: { _ in
            #expect(try await echo([1]) == [1])
            unlink(path)
            try await eventually("the socket's file") { isThere(path) }
            try await eventually("an answer") { (try? await echo([2])) == [2] }
        }
    }
}
