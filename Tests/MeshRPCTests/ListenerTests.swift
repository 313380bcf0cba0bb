import Glibc
import Logging
import MeshCore
import MeshTLS
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct MeshRPCListenerTests {
    private func configuration() throws -> RPCServerConfiguration {
        RPCServerConfiguration(credentials: try TestCertificates.server(), verifier: .mesh())
    }

    private func error(of configuration: RPCServerConfiguration) async -> RPCServerError? {
        do throws(RPCServerError) {
            let server = try RPCServer(configuration: configuration, handlers: .echo, logger: quietLogger)
            await server.shutDown(grace: .zero)
            return nil
        } catch {
            return error
        }
    }

    @Test func aPortInUseIsAnErrorThatNamesIt() async throws {
        try await Fixture.with(.echo) { fixture in
            var configuration = try configuration()
            configuration.port = fixture.port
            let error = await error(of: configuration)
            #expect(error?.code == .cannotListen)
            #expect(error?.message.contains("127.0.0.1:\(fixture.port)") == true)
            #expect(error?.message.contains("Address already in use") == true)
        }
    }

    @Test func anAddressOfAnotherMachineIsAnErrorThatSaysSo() async throws {
        var configuration = try configuration()
        configuration.host = "192.0.2.1"
        let error = await error(of: configuration)
        #expect(error?.code == .cannotListen)
        #expect(error?.message.contains("Cannot assign requested address") == true)
    }

    @Test func moreConnectionsThanFilesIsAnErrorThatSaysWhatToDo() async throws {
        var configuration = try configuration()
        configuration.maximumConnections = 1_000_000
        let limit = try #require(FileDescriptorLimit.current)
        try #require(limit < 1_000_000)
        let error = await error(of: configuration)
        #expect(error?.code == .tooFewFileDescriptors)
        #expect(error?.message.contains("ulimit -n") == true)
        #expect(error?.message.contains("\(limit)") == true)
    }

    @Test func settingsOutsideTheirRangesAreErrorsThatNameThem() async throws {
        let changes: [(String, (inout RPCServerConfiguration) -> Void)] = [
            ("port", { $0.port = 65_536 }),
            ("maximumRequestBytes", { $0.maximumRequestBytes = 10 }),
            ("maximumMetadataBytes", { $0.maximumMetadataBytes = 2 << 20 }),
            ("maximumStreamsPerConnection", { $0.maximumStreamsPerConnection = 0 }),
            ("maximumConnections", { $0.maximumConnections = 0 }),
            ("maximumStreams", { $0.maximumStreams = 0 }),
            ("maximumRunningCalls", { $0.maximumRunningCalls = 0 }),
            ("maximumPendingCalls", { $0.maximumPendingCalls = 0 }),
            ("maximumStreamsPerPeer", { $0.maximumStreamsPerPeer = 0 }),
            ("maximumCallsPerPeer", { $0.maximumCallsPerPeer = 0 }),
            ("maximumUnreadBytesPerPeer", { $0.maximumUnreadBytesPerPeer = 1 }),
            ("maximumCallDuration", { $0.maximumCallDuration = .zero }),
            ("maximumSendStall", { $0.maximumSendStall = .zero }),
            ("receiveWindowBytes", { $0.receiveWindowBytes = 0 }),
            ("handshakeTimeout", { $0.handshakeTimeout = .zero }),
            ("keepaliveTime", { $0.keepaliveTime = .zero }),
            ("keepaliveTimeout", { $0.keepaliveTimeout = .seconds(6000) }),
            ("maximumConnectionIdle", { $0.maximumConnectionIdle = .zero }),
            ("readBufferBytes", { $0.readBufferBytes = 1 }),
            ("minimumClientPingInterval", { $0.minimumClientPingInterval = .zero }),
            ("listenerProbeInterval", { $0.listenerProbeInterval = .zero }),
            ("host name", { $0.host = "no host" }),
            ("trusted roots", { $0.credentials.trustedRoots = "" }),
            ("private key", { $0.credentials.privateKey = $0.credentials.certificateChain }),
        ]
        for (name, change) in changes {
            var configuration = try configuration()
            change(&configuration)
            let error = await error(of: configuration)
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains(name) == true, "\(name): \(String(describing: error))")
        }
    }

    @Test func aProbeFindsALivingListenerAndMissesADeadOne() async throws {
        let port = try await Fixture.with(.echo) { fixture in
            let probe = try #require(
                ListenerProbe(listeningOn: "0.0.0.0", port: fixture.port, patience: .seconds(10))
            )
            #expect(await probe.look() == .alive)
            return fixture.port
        }
        let gone = try #require(ListenerProbe(listeningOn: "127.0.0.1", port: port, patience: .seconds(10)))
        #expect(await gone.look() == .dead)

        // The kernel accepts, nobody else does.
        let silent = try SilentListener()
        let unserved = ListenerProbe(listeningOn: "localhost", port: silent.port, patience: .milliseconds(300))
        #expect(await unserved?.look() == .dead)
        silent.close()
    }

    @Test func aListenerIsReplacedAfterTwoLooksInARow() {
        var health = ListenerHealth()
        #expect(health.found(.alive) == .none)
        #expect(health.found(.dead) == .none)
        #expect(health.found(.alive) == .none)
        #expect(health.found(.dead) == .none)
        #expect(health.found(.failed("why")) == .report("why"))
        #expect(health.found(.dead) == .replace)
        #expect(health.found(.dead) == .none)
        #expect(health.found(.dead) == .replace)
    }

    /// Core's listener dies when no descriptor is left for a connection; the process has no other defence than ours.
    @Test func aListenerThatRanOutOfDescriptorsServesAgain() async throws {
        await #expect(processExitsWith: .success) {
            try await Fixture.with(.echo) {
                $0.listenerProbeInterval = .seconds(2)
            } _: { fixture in
                try await fixture.withChannel { channel in
                    let answer = try await channel.unary(.echo, [1], timeout: .seconds(30))
                    #expect(answer == [1])
                }
                var limits = rlimit()
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
                limits.rlim_cur = 256
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
                var fillers: [Int32] = []
                while true {
                    let descriptor = open("/dev/null", O_RDONLY)
                    if descriptor < 0 { break }
                    fillers.append(descriptor)
                }
                // One for this side of a connection, none for the server's.
                close(fillers.removeLast())
                let victim = try RawSocket(port: fixture.port, timeout: 1)
                victim.send([0])
                let wasClosed = victim.readToEnd()
                #expect(!wasClosed)
                for descriptor in fillers { close(descriptor) }

                let probe = try #require(
                    ListenerProbe(listeningOn: "127.0.0.1", port: fixture.port, patience: .milliseconds(200))
                )
                #expect(await probe.look() == .dead, "the listener did not die: this test tests nothing")
                // A busy machine may take its time to react; that is no dead listener.
                let patient = try #require(
                    ListenerProbe(listeningOn: "127.0.0.1", port: fixture.port, patience: .seconds(3))
                )
                try await eventually(within: .seconds(90), "the port to be served again") {
                    await patient.look() == .alive
                }
                try await fixture.withChannel { channel in
                    let answer = try await channel.unary(.echo, [2], timeout: .seconds(30))
                    #expect(answer == [2])
                }
            }
        }
    }
}
