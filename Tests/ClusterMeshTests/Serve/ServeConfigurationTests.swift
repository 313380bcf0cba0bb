import Logging
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct ServeConfigurationTests {
    private static let required = "name: athens\nid: 1\ncert: s.crt\nkey: s.key\nca: ca.crt\n"

    /// The configuration of the required settings and these lines, which begin at line 6 of `mesh.yaml`.
    private func configuration(_ lines: String = "") throws -> ServeConfiguration {
        try ServeConfiguration(try ServeSettings(yaml: Self.required + lines, file: "mesh.yaml"))
    }

    private func fault(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func whatIsNotSetHasItsDefault() throws {
        let configuration = try configuration()
        #expect(configuration.name.rawValue == "athens")
        #expect(configuration.id.rawValue == 1)
        #expect(configuration.idSpace == .clusters255)
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.port == 2379)
        #expect(configuration.certificate == "s.crt")
        #expect(configuration.key == "s.key")
        #expect(configuration.authorities == "ca.crt")
        #expect(configuration.advertised == [])
        #expect(configuration.state == nil)
        #expect(configuration.localListen == nil)
        #expect(configuration.peers == nil)
        #expect(configuration.followed == nil)
        #expect(configuration.readers == [])
        #expect(configuration.writers == [.commonName("admin-athens")])
        #expect(!configuration.allowsCacheWrites)
        #expect(configuration.logLevel == .info)
    }

    @Test func everySettingIsRead() throws {
        let configuration = try configuration(
            """
            max-clusters: 511
            listen: "[::1]:4000"
            advertise: [https://mesh.example:2379, https://10.0.0.1:2379]
            state: /state
            local-listen: unix:/run/mesh/agent.sock
            peers: /peers
            read: [cn:bench=*, "cn:audit=cilium/state/*"]
            write: [cn:root, cn:admin]
            allow-cache-writes: true
            log-level: debug
            """)
        #expect(configuration.idSpace == .clusters511)
        #expect(configuration.host == "::1")
        #expect(configuration.port == 4000)
        #expect(configuration.advertised == ["https://mesh.example:2379", "https://10.0.0.1:2379"])
        #expect(configuration.state?.path == "/state")
        #expect(configuration.localListen == .unix(path: "/run/mesh/agent.sock"))
        #expect(configuration.peers == "/peers")
        #expect(configuration.readers.map(\.match) == [.commonName("bench"), .commonName("audit")])
        #expect(
            configuration.readers.map(\.readable) == [KeyRangeSet([.all]), KeyRangeSet([.prefix("cilium/state/")])])
        #expect(configuration.writers == [.commonName("root"), .commonName("admin")])
        #expect(configuration.allowsCacheWrites)
        #expect(configuration.logLevel == .debug)
    }

    @Test func whatIsMirroredIsServedWhereItIsSaid() throws {
        let configuration = try configuration("peers: peers\ncache-listen: 0.0.0.0:2380")
        #expect(configuration.cacheListen == .tcp(host: "0.0.0.0", port: 2380))
        let agent = MeshConfiguration(
            serving: configuration, credentials: try TestCertificates.server("athens"), followed: nil)
        #expect(agent.republishing?.host == "0.0.0.0")
        #expect(agent.republishing?.port == 2380)
        let plain = MeshConfiguration(
            serving: try self.configuration("peers: peers"), credentials: try TestCertificates.server("athens"),
            followed: nil)
        #expect(plain.republishing == nil)
    }

    @Test func aFollowedEtcdIsShownTheEndpointsFilesUnlessItHasOwnOnes() throws {
        let plain = try configuration("follow: https://etcd-0:2379").followed
        #expect(
            plain
                == .init(
                    endpoints: [EtcdEndpoint(host: "etcd-0", port: 2379)], certificate: "s.crt", key: "s.key",
                    authorities: "ca.crt"))
        let own = try configuration(
            "follow: [https://a:1, https://b:2]\nfollow-cert: f.crt\nfollow-key: f.key\nfollow-ca: f-ca.crt"
        ).followed
        #expect(
            own
                == .init(
                    endpoints: [EtcdEndpoint(host: "a", port: 1), EtcdEndpoint(host: "b", port: 2)],
                    certificate: "f.crt", key: "f.key", authorities: "f-ca.crt"))
    }

    @Test(arguments: ["name", "id", "cert", "key", "ca"])
    func whatIsMissingIsNamed(_ key: String) throws {
        let lines = Self.required.split(separator: "\n").filter { !$0.hasPrefix(key + ":") }.joined(separator: "\n")
        let fromFile = fault {
            _ = try ServeConfiguration(try ServeSettings(yaml: lines, file: "mesh.yaml"))
        }
        #expect(fromFile == "--\(key) is missing; give it as a flag, or as '\(key)' in mesh.yaml")
        let fromFlags = fault {
            var settings = ServeSettings()
            for other in ServeKey.allCases where !other.isList && other.rawValue != key {
                switch other {
                case .name, .certificate, .key, .authorities: settings.setFlag(other, ["x"])
                case .id: settings.setFlag(other, ["1"])
                default: continue
                }
            }
            _ = try ServeConfiguration(settings)
        }
        #expect(fromFlags == "--\(key) is missing; give it as a flag, or in a file with --config")
    }

    @Test(arguments: [
        ("max-clusters: 300", "mesh.yaml:6: max-clusters: '300' is neither 255 nor 511"),
        ("listen: nowhere", "mesh.yaml:6: listen: 'nowhere' is no address to listen on; give ADDRESS:PORT"),
        ("listen: unix:/run/x.sock", "mesh.yaml:6: listen: other clusters cannot reach a Unix socket"),
        ("listen: 127.0.0.1:70000", "mesh.yaml:6: listen: '127.0.0.1:70000' is no address to listen on"),
        ("advertise:\n  - https://a\n  - http://b", "mesh.yaml:8: advertise: endpoint 'http://b' does not begin with"),
        ("local-listen: unix:x.sock", "mesh.yaml:6: local-listen: 'unix:x.sock' is not a local address"),
        ("read: bench=*\nlocal-listen: 127.0.0.1:0", "mesh.yaml:6: read: "),
        ("read: cn:bench", "mesh.yaml:6: read: "),
        ("local-listen: 127.0.0.1:0\nwrite: admin", "mesh.yaml:7: write: "),
        (
            "local-listen: 127.0.0.1:0\nallow-cache-writes: yes",
            "mesh.yaml:7: allow-cache-writes: 'yes' is neither true"
        ),
        ("log-level: loud", "mesh.yaml:6: log-level: 'loud' is none of trace, debug, info"),
        ("follow: etcd:2379", "mesh.yaml:6: follow: endpoint 'etcd:2379' does not begin with https://"),
        (
            "follow: [https://a, https://b, https://c, https://d, https://e, https://f]",
            "mesh.yaml:6: follow: 6 endpoints; at most 5 are possible"
        ),
        (
            "follow: https://a\nlocal-listen: 127.0.0.1:0",
            "mesh.yaml:7: local-listen: this cannot stand beside 'follow': writes belong to the followed etcd"
        ),
        (
            "state: dir\nfollow: https://a",
            "mesh.yaml:6: state: this cannot stand beside 'follow': its state is the followed etcd's"
        ),
        ("write: cn:admin", "mesh.yaml:6: write: this needs 'local-listen' beside it"),
        ("allow-cache-writes: true", "mesh.yaml:6: allow-cache-writes: this needs 'local-listen' beside it"),
        ("cache-listen: 127.0.0.1:0", "mesh.yaml:6: cache-listen: this needs 'peers' beside it: nothing is mirrored"),
        (
            "peers: p\ncache-listen: unix:/run/a.sock",
            "mesh.yaml:7: cache-listen: copies are not served on a Unix socket"
        ),
        ("peers: p\ncache-listen: 2380", "mesh.yaml:7: cache-listen: '2380' is not a local address: it has no port"),
        ("follow-ca: x", "mesh.yaml:6: follow-ca: this needs 'follow' beside it: nothing is followed"),
        ("follow: https://a\nfollow-cert: x", "mesh.yaml:7: follow-cert: this needs 'follow-key' beside it"),
        ("follow: https://a\nfollow-key: x", "mesh.yaml:7: follow-key: this needs 'follow-cert' beside it"),
    ])
    func whatIsWrongIsNamedWithFileLineAndKey(_ lines: String, _ expected: String) {
        let said = fault { _ = try configuration(lines) } ?? "it was taken"
        #expect(said.hasPrefix(expected), "\(said)")
    }

    @Test(arguments: [
        ("name: Athens", "mesh.yaml:1: name: cluster name 'Athens' may hold only"),
        ("name: a\nid: one", "mesh.yaml:2: id: 'one' is not a number"),
        ("name: a\nid: 256", "mesh.yaml:2: id: cluster ID 256 is not in 1…255"),
        ("name: a\nmax-clusters: 511\nid: 512", "mesh.yaml:3: id: cluster ID 512 is not in 1…511"),
    ])
    func aNameOrNumberThatNoClusterCanHaveIsNamed(_ yaml: String, _ expected: String) {
        let said = fault { _ = try ServeConfiguration(try ServeSettings(yaml: yaml, file: "mesh.yaml")) }
        #expect(said?.hasPrefix(expected) == true, "\(said ?? "it was taken")")
    }

    @Test func aFlagAtFaultIsNamedAsFlag() throws {
        var flags = ServeSettings()
        flags.setFlag(.localListen, ["127.0.0.1"])
        let settings = flags.over(try ServeSettings(yaml: Self.required, file: "mesh.yaml"))
        let said = fault { _ = try ServeConfiguration(settings) }
        #expect(said?.hasPrefix("--local-listen: '127.0.0.1' is not a local address") == true, "\(said ?? "")")
    }

    @Test func aFlagOfOneValueThatIsGivenTwiceIsRefused() throws {
        var flags = try ServeSettings(yaml: Self.required, file: "mesh.yaml")
        flags.setFlag(.listen, ["127.0.0.1:1", "127.0.0.1:2"])
        #expect(fault { _ = try ServeConfiguration(flags) } == "--listen: it is given more than once")
    }

    @Test func aFlagHasNoMoreValuesThanAList() throws {
        var flags = try ServeSettings(yaml: Self.required, file: "mesh.yaml")
        flags.setFlag(.read, (0...ServeSettings.maximumValues).map { "cn:a\($0)=*" })
        #expect(fault { _ = try ServeConfiguration(flags) } == "--read: 257 values; at most 256 are possible")
    }
}
