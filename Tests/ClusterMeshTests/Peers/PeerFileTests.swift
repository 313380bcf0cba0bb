import MeshClient
import Testing

@testable import ClusterMesh

@Suite struct PeerFileTests {
    private static let credentials = """
        trusted-ca-file: /pki/ca.crt
        cert-file: /pki/client.crt
        key-file: /pki/client.key

        """

    private func parse(_ text: String) throws(PeerFault) -> PeerFile {
        try PeerFile(parsing: text, file: "/mesh/kos")
    }

    /// A file with credentials, and `lines` behind them, beginning in line 4.
    private func parse(lines: String) throws(PeerFault) -> PeerFile {
        try parse(Self.credentials + lines)
    }

    private func refusal(lines: String) -> PeerFault? {
        do throws(PeerFault) {
            _ = try parse(lines: lines)
            return nil
        } catch {
            return error
        }
    }

    // MARK: What is a peer's file

    @Test(arguments: ["endpoints:", "a: b\nendpoints: []", "{endpoints: x}", "# endpoints: are missing"])
    func aFileThatHoldsEndpointsIsOne(_ text: String) {
        #expect(PeerFile.isOne(Array(text.utf8)))
    }

    @Test(arguments: ["", "endpoints", "endpoint:", "-----BEGIN CERTIFICATE-----\nendpoint s:"])
    func aFileThatHoldsNoneIsNone(_ text: String) {
        #expect(!PeerFile.isOne(Array(text.utf8)))
    }

    // MARK: What is used

    @Test func aFileAsCiliumsChartWritesItIsRead() throws {
        let file = try parse(
            """
            endpoints:
            - https://kos.mesh.cilium.io:32379
            trusted-ca-file: /var/lib/cilium/clustermesh/common-etcd-client-ca.crt
            key-file: /var/lib/cilium/clustermesh/common-etcd-client.key
            cert-file: /var/lib/cilium/clustermesh/common-etcd-client.crt
            cilium-host-aliases:
            - hostname: kos.mesh.cilium.io
              ips:
              - 192.0.2.7
            """)
        #expect(file.endpoints == [EtcdEndpoint(host: "kos.mesh.cilium.io", port: 32379, address: "192.0.2.7")])
        #expect(file.roots == PeerFile.Path(path: "/var/lib/cilium/clustermesh/common-etcd-client-ca.crt", line: 3))
        #expect(file.key.path == "/var/lib/cilium/clustermesh/common-etcd-client.key")
        #expect(file.certificate.path == "/var/lib/cilium/clustermesh/common-etcd-client.crt")
        #expect(file.notes == [])
    }

    @Test func relativePathsStandBesideTheFile() throws {
        let file = try parse(
            "endpoints: [https://a]\ntrusted-ca-file: ca.crt\ncert-file: pki/a.crt\nkey-file: ../a.key\n")
        #expect(file.roots.path == "/mesh/ca.crt")
        #expect(file.certificate.path == "/mesh/pki/a.crt")
        #expect(file.key.path == "/mesh/../a.key")
    }

    @Test func endpointsKeepTheirOrderAndStandOnce() throws {
        let file = try parse(lines: "endpoints: [https://b:1, https://a, https://b:1]")
        #expect(file.endpoints == [EtcdEndpoint(host: "b", port: 1), EtcdEndpoint(host: "a")])
    }

    @Test func anAliasWithSeveralAddressesMakesAnEndpointOfEach() throws {
        let file = try parse(
            lines: """
                endpoints: [https://Kos:1, https://other:2]
                cilium-host-aliases:
                - {hostname: kos, ips: [192.0.2.7, "2001:db8::1"]}
                - {hostname: nobody, ips: [192.0.2.9]}
                """)
        #expect(
            file.endpoints == [
                EtcdEndpoint(host: "Kos", port: 1, address: "192.0.2.7"),
                EtcdEndpoint(host: "Kos", port: 1, address: "2001:db8::1"),
                EtcdEndpoint(host: "other", port: 2),
            ])
    }

    // MARK: Faults, with their lines and keys

    @Test(arguments: [
        ("endpoints:", 4, "expected a list"), ("endpoints: []", 4, "expected a list"),
        ("endpoints: https://a", 4, "expected a list"), ("endpoints:\n- http://a", 5, "https://"),
        ("endpoints:\n- https://a\n- https://a/b", 6, "host and a port"), ("endpoints:\n- [a]", 5, "https://host:port"),
        ("endpoints:\n-", 5, "https://host:port"),
    ])
    func endpointsThatCannotBeAreNamed(_ lines: String, _ line: Int, _ message: String) throws {
        let fault = try #require(refusal(lines: lines))
        #expect(fault.file == "/mesh/kos")
        #expect(fault.line == line)
        #expect(fault.key == "endpoints")
        #expect(fault.message.contains(message), "\(fault)")
        #expect(fault.effect == .notTaken)
    }

    @Test(arguments: ["endpoints", "trusted-ca-file", "cert-file", "key-file"])
    func aKeyThatIsMissingIsNamed(_ key: String) throws {
        let lines = (Self.credentials + "endpoints: [https://a]\n").split(separator: "\n")
        let rest = lines.filter { !$0.hasPrefix(key) }.joined(separator: "\n")
        let fault = #expect(throws: PeerFault.self) { try parse(rest) }
        #expect(fault?.key == key)
        #expect(fault?.message.contains("missing") == true)
    }

    @Test(arguments: ["", "[a]", "{a: b}", "null", "\"a\\0b\""]) func aPathThatIsNoneIsNamed(_ value: String) throws {
        let fault = #expect(throws: PeerFault.self) {
            try parse("endpoints: [https://a]\ntrusted-ca-file: a\ncert-file: \(value)\nkey-file: b\n")
        }
        #expect(fault?.key == "cert-file")
        #expect(fault?.line == 3)
    }

    @Test(arguments: [
        ("insecure-transport: true", "plain"), ("insecure-skip-tls-verify: true", "verified"),
        ("insecure-skip-tls-verify: 1", "verified"), ("insecure-transport: [true]", "plain"),
        ("username: root", "certificate"), ("password: secret", "certificate"),
    ])
    func whatWouldWeakenTheConnectionIsRefused(_ line: String, _ reason: String) throws {
        let fault = try #require(refusal(lines: "endpoints: [https://a]\n" + line))
        #expect(fault.line == 5)
        #expect(fault.key == line.split(separator: ":").first.map(String.init))
        #expect(fault.message.contains(reason))
        #expect(!fault.description.contains("secret"), "a password does not belong in a log")
    }

    @Test(arguments: ["insecure-transport: false", "insecure-skip-tls-verify: false", "username: ''", "password:"])
    func whatIsSwitchedOffIsNoFault(_ line: String) throws {
        #expect(try parse(lines: "endpoints: [https://a]\n" + line).notes == [])
    }

    @Test func keysThatAreNotUsedAreNotedAndHarmNothing() throws {
        let file = try parse(lines: "endpoints: [https://a]\ndial-timeout: 5\nendpoint: x\nmine: y\n")
        #expect(file.endpoints.count == 1)
        #expect(file.notes.map(\.key) == ["dial-timeout", "endpoint", "mine"])
        #expect(file.notes.map(\.line) == [5, 6, 7])
        #expect(file.notes.allSatisfy { $0.effect == .ignored })
        #expect(file.notes[0].message.contains("connectTimeout"))
        #expect(file.notes[1].message.contains("did you mean 'endpoints'?"))
        #expect(!file.notes[2].message.contains("did you mean"))
    }

    @Test func notesAreBounded() throws {
        let keys = (0..<100).map { "mine\($0): x\n" }.joined()
        #expect(try parse(lines: "endpoints: [https://a]\n" + keys).notes.count == PeerFile.maximumNotes)
    }

    @Test func endpointsAreBounded() throws {
        let most = (0..<PeerConfiguration.maximumEndpoints).map { "- https://a\($0)\n" }.joined()
        #expect(try parse(lines: "endpoints:\n" + most).endpoints.count == PeerConfiguration.maximumEndpoints)
        #expect(refusal(lines: "endpoints:\n- https://b\n" + most)?.message.contains("more than 64") == true)
        let addresses = (0...PeerConfiguration.maximumEndpoints).map { "192.0.2.\($0)" }.joined(separator: ", ")
        let aliases = "cilium-host-aliases: [{hostname: a, ips: [\(addresses)]}]"
        #expect(refusal(lines: "endpoints: [https://a]\n" + aliases)?.message.contains("more than 64") == true)
    }

    @Test func aTextThatIsNoYAMLIsRefusedWithItsLine() {
        #expect(refusal(lines: "endpoints: [\n")?.line != nil)
        #expect(refusal(lines: "endpoints: [https://a]\nendpoints: [https://b]\n")?.message.contains("twice") == true)
    }
}
