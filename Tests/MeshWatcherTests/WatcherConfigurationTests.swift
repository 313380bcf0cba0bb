import MeshCore
import MeshStore
import MeshTLS
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatcherConfigurationTests {
    private func error(_ configure: (inout WatcherServerConfiguration) -> Void) -> WatcherServerError? {
        do {
            _ = try WatcherFixture.makeServer(KVStore(), configure: configure)
            return nil
        } catch {
            return error as? WatcherServerError
        }
    }

    @Test func theDefaultsAreWithinTheirRanges() {
        #expect(WatcherLimits().fault == nil)
    }

    struct Limit: Sendable, CustomTestStringConvertible {
        var name: String
        var set: @Sendable (inout WatcherLimits, Int) -> Void
        var testDescription: String { name }
    }

    @Test(arguments: [
        Limit(name: "connections", set: { $0.connections = $1 }), Limit(name: "streams", set: { $0.streams = $1 }),
        Limit(name: "streamsPerConnection", set: { $0.streamsPerConnection = $1 }),
        Limit(name: "streamsPerPeer", set: { $0.streamsPerPeer = $1 }),
        Limit(name: "callsPerPeer", set: { $0.callsPerPeer = $1 }),
        Limit(name: "watchesPerPeer", set: { $0.watchesPerPeer = $1 }),
        Limit(name: "unreadBytesPerPeer", set: { $0.unreadBytesPerPeer = $1 }),
        Limit(name: "requestBytes", set: { $0.requestBytes = $1 }),
        Limit(name: "nestingDepth", set: { $0.nestingDepth = $1 }),
        Limit(name: "watchesPerStream", set: { $0.watchesPerStream = $1 }),
        Limit(name: "pendingAnswersPerStream", set: { $0.pendingAnswersPerStream = $1 }),
        Limit(name: "eventsPerBatch", set: { $0.eventsPerBatch = $1 }),
        Limit(name: "bytesPerBatch", set: { $0.bytesPerBatch = $1 }),
        Limit(name: "bytesPerFragment", set: { $0.bytesPerFragment = $1 }),
        Limit(name: "bytesPerRangePart", set: { $0.bytesPerRangePart = $1 }),
        Limit(name: "sharedSegments", set: { $0.sharedSegments = $1 }),
        Limit(name: "sharedSegmentBytes", set: { $0.sharedSegmentBytes = $1 }),
        Limit(name: "readsPerTurn", set: { $0.readsPerTurn = $1 }),
    ])
    func aLimitOutOfItsRangeIsNamedAndNothingStarts(limit: Limit) {
        for value in [0, -1, Int.max] {
            let error = error { limit.set(&$0.limits, value) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("limit \(limit.name) is \(value)") == true)
        }
    }

    @Test(arguments: [Duration.milliseconds(-1), .seconds(11)])
    func aPaceOutOfItsRangeIsNamed(pace: Duration) {
        #expect(error { $0.limits.pace = pace }?.message.contains("limit pace is \(pace)") == true)
        #expect(error { $0.limits.maximumPace = pace }?.message.contains("limit maximumPace is \(pace)") == true)
    }

    @Test func pacingCanBeTurnedOff() {
        var limits = WatcherLimits()
        (limits.pace, limits.maximumPace) = (.zero, .zero)
        #expect(limits.fault == nil)
    }

    @Test func intervalsOutOfTheirRangesAreNamed() {
        #expect(error { $0.progressInterval = .zero }?.message.contains("progressInterval") == true)
        #expect(error { $0.shutdownGrace = .seconds(-1) }?.message.contains("shutdownGrace") == true)
    }

    @Test(arguments: [["http://athens:2379"], ["athens:2379"], ["https://" + String(repeating: "a", count: 2_048)]])
    func anAdvertisedURLThatNobodyCouldDialIsNamed(urls: [String]) {
        let error = error { $0.advertisedURLs = urls }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("advertisedURLs has '\(urls[0].prefix(100))'") == true)
    }

    @Test func tooManyAdvertisedURLsAreRefused() {
        let error = error { $0.advertisedURLs = Array(repeating: "https://athens:2379", count: 65) }
        #expect(error?.message.contains("65") == true)
    }

    @Test func aServerThatListensOnIPv6IsToldInBrackets() throws {
        var configuration = WatcherServerConfiguration(
            cluster: try ClusterName("athens"),
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        configuration.host = "::1"
        #expect(configuration.advertisedURLs(port: 7) == ["https://[::1]:7"])
    }

    @Test func credentialsThatAreNoneAreAnErrorThatDoesNotShowThem() {
        let error = error {
            $0.credentials = TLSCredentials(certificateChain: "x", privateKey: "secret", trustedRoots: "y")
        }
        #expect(error?.code == .cannotListen)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func aPortInUseIsNamed() async throws {
        try await WatcherFixture.run { fixture in
            let error = error { $0.port = fixture.server.port }
            #expect(error?.code == .cannotListen)
            #expect(error?.message.contains(":\(fixture.server.port)") == true)
            #expect(error?.cause != nil)
        }
    }

    @Test func streamsAreToldTheTimeOftenEnough() {
        var configuration = ReadServicesConfiguration(memberName: "athens", access: AccessPolicy(roles: []))
        #expect(configuration.clockPeriod == .seconds(10))
        configuration.progressInterval = .seconds(1)
        #expect(configuration.clockPeriod == .milliseconds(100))
    }
}
