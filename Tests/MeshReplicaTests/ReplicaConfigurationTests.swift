import Logging
import MeshClient
import MeshCore
import MeshStore
import MeshTLS
import TestSupport
import Testing

@testable import MeshReplica

@Suite struct ReplicaConfigurationTests {
    private func configuration(endpoints: Int = 1) throws -> ReplicaConfiguration {
        ReplicaConfiguration(
            endpoints: (0..<endpoints).map { EtcdEndpoint(host: "etcd-\($0)") },
            credentials: try TestCertificates.client("replica"),
            verifier: .mesh()
        )
    }

    @Test(arguments: 1...5) func takesOneToFiveEndpoints(endpoints: Int) throws {
        #expect(try configuration(endpoints: endpoints).fault == nil)
    }

    @Test(arguments: [(0, "no endpoint"), (6, "6 endpoints are given; allowed are 1 to 5")])
    func refusesOtherNumbersOfEndpoints(endpoints: Int, text: String) throws {
        let configuration = try configuration(endpoints: endpoints)
        #expect(try #require(configuration.fault).contains(text))
        #expect(throws: ReplicaConfigurationError.self) {
            _ = try EtcdReplica(
                configuration: configuration,
                store: ReplicatedStore(),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
        }
    }

    private struct Setting: Sendable {
        var name: String
        var change: @Sendable (inout ReplicaConfiguration) -> Void
    }

    private static let outOfRange: [Setting] = [
        Setting(name: "freshReadTimeout") { $0.freshReadTimeout = .milliseconds(9) },
        Setting(name: "maximumFreshReads") { $0.maximumFreshReads = 0 },
        Setting(name: "connectTimeout") { $0.connectTimeout = .milliseconds(99) },
        Setting(name: "requestTimeout") { $0.requestTimeout = .milliseconds(999) },
        Setting(name: "watchTimeout") { $0.watchTimeout = .zero },
        Setting(name: "keepaliveTime") { $0.keepaliveTime = .zero },
        Setting(name: "keepaliveTimeout") { $0.keepaliveTimeout = .seconds(601) },
        Setting(name: "receiveWindowBytes") { $0.receiveWindowBytes = 4_095 },
        Setting(name: "pageSize") { $0.pageSize = 10_001 },
        Setting(name: "maximumKeys") { $0.maximumKeys = 0 },
        Setting(name: "maximumBytes") { $0.maximumBytes = 0 },
        Setting(name: "range") { $0.range = .interval("b", "a") },
        Setting(name: "range") { $0.range = .from("") },
    ]

    @Test func namesTheSettingThatIsOutOfItsRange() throws {
        for setting in Self.outOfRange {
            var configuration = try configuration()
            setting.change(&configuration)
            #expect(try #require(configuration.fault, "\(setting.name)").contains(setting.name))
        }
    }

    @Test func takesProgressOnlyForOneRange() throws {
        var configuration = try configuration()
        #expect(!configuration.following.takesProgress)
        configuration.range = .prefix("cilium/")
        #expect(configuration.following.takesProgress)
    }
}
