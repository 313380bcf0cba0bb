import MeshCore
import MeshRPC
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport
import Testing

@testable import MeshLocalAPI

@Suite(.timeLimit(.minutes(2))) struct LocalServerConfigurationTests {
    private func configuration() throws -> LocalServerConfiguration {
        LocalServerConfiguration(
            cluster: try ClusterName("athens"),
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
    }

    private func error(_ configure: (inout LocalServerConfiguration) -> Void) -> LocalServerError? {
        do {
            _ = try LocalFixture.makeServer(KVStore(), configure: configure)
            return nil
        } catch {
            return error as? LocalServerError
        }
    }

    @Test func theDefaultsListenOnTheLoopbackForTheClustersOwnCertificates() throws {
        let configuration = try configuration()
        #expect(configuration.fault == nil)
        #expect(configuration.address == .tcp(host: "127.0.0.1", port: 0))
        #expect(configuration.writing == .cilium(cluster: configuration.cluster))
        let access = LocalServerConfiguration.access(writing: configuration.writing, readers: configuration.readers)
        func readable(_ name: String) -> KeyRangeSet { access.readableKeys(for: PeerIdentity(commonName: name)) }
        #expect(readable("admin-athens") == KeyRangeSet([.all]))
        #expect(readable("local-athens").contains(.prefix("cilium/cache/")))
        #expect(!readable("local-athens").contains(.prefix("cilium/state/")))
        for name in ["remote", "remote-hurup", "local-hurup", "admin-hurup", ""] {
            #expect(readable(name).isEmpty, "\(name)")
        }
    }

    @Test func settingsOutOfTheirRangesAreNamedAndNothingStarts() {
        let changes: [(String, (inout LocalServerConfiguration) -> Void)] = [
            ("progressInterval", { $0.progressInterval = .zero }),
            ("shutdownGrace", { $0.shutdownGrace = .seconds(-1) }),
            ("pendingKeepAlivesPerStream", { $0.pendingKeepAlivesPerStream = 0 }),
            ("pendingKeepAlivesPerStream", { $0.pendingKeepAlivesPerStream = 65_537 }),
            ("nestingDepth", { $0.limits.nestingDepth = 65 }),
            ("requestBytes", { $0.limits.requestBytes = 0 }),
        ]
        for (name, change) in changes {
            let error = error(change)
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains(name) == true, "\(name): \(String(describing: error))")
        }
    }

    @Test func whereItCannotListenIsNamed() throws {
        let unusable: [(LocalAddress, String)] = [
            (.tcp(host: "192.0.2.1", port: 0), "192.0.2.1"), (.unix(path: "relative.sock"), "absolute"),
            (.tcp(host: "127.0.0.1", port: 70_000), "port"),
            (.unix(path: "/no/such/directory/local.sock"), "/no/such/directory"),
        ]
        for (address, text) in unusable {
            let error = error { $0.address = address }
            #expect(error?.code == .cannotListen)
            #expect(error?.message.contains(text) == true, "\(String(describing: error))")
        }
        let error = error { $0.credentials.privateKey = "" }
        #expect(error?.message.contains("private key") == true)
    }

    /// The room for what etcd's own bound of a request leaves to the transport.
    @Test func theTransportIsBoundedAsTheLimitsSay() throws {
        var configuration = try configuration()
        configuration.limits.requestBytes = 10_000
        configuration.limits.streams = 7
        configuration.limits.callsPerPeer = 3
        configuration.address = .unix(path: "/run/local.sock")
        let rpc = configuration.rpc
        #expect(rpc.maximumRequestBytes == 10_000 + (512 << 10))
        #expect(rpc.maximumStreams == 7)
        #expect(rpc.maximumCallsPerPeer == 3)
        #expect(rpc.unixPath == "/run/local.sock")
    }

    @Test func theAddressTellsThePortThatWasTaken() throws {
        let server = try LocalFixture.makeServer(KVStore())
        guard case .tcp("127.0.0.1", let port) = server.address else {
            throw Unexpected(description: "\(server.address)")
        }
        #expect(port > 0)
        #expect(server.address.endpoint == "https://127.0.0.1:\(port)")
    }
}
