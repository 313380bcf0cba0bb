import MeshClient
import Testing

@testable import ClusterMesh

@Suite struct HostAliasesTests {
    private func aliases(_ yaml: String) throws -> HostAliases {
        let node = try #require(try YAMLMapping(parsing: "aliases: " + yaml).entries.first).value
        return try HostAliases(node) { message, _ in PeerFault(message, file: "kos") }
    }

    @Test func aHostWithoutAliasIsResolvedAsAlways() throws {
        let endpoint = EtcdEndpoint(host: "kos", port: 1)
        #expect(HostAliases().resolve(endpoint) == [endpoint])
        #expect(try aliases("null").resolve(endpoint) == [endpoint])
        #expect(try aliases("[]").resolve(endpoint) == [endpoint])
    }

    @Test func addressesAreWrittenInTheirShortestForm() throws {
        let resolved = try aliases("[{hostname: kos, ips: ['2001:DB8:0::1']}]").resolve(EtcdEndpoint(host: "kos"))
        #expect(resolved.map(\.address) == ["2001:db8::1"])
    }

    @Test func namesAreComparedWithoutRegardToCase() throws {
        let resolved = try aliases("[{hostname: KOS.example, ips: [192.0.2.1]}]")
            .resolve(EtcdEndpoint(host: "kos.Example"))
        #expect(resolved == [EtcdEndpoint(host: "kos.Example", address: "192.0.2.1")])
    }

    @Test(arguments: [
        ("kos", "expected a list"), ("{hostname: kos}", "expected a list"), ("[kos]", "expected 'hostname'"),
        ("[{ips: [192.0.2.1]}]", "no 'hostname'"), ("[{hostname: '', ips: [192.0.2.1]}]", "no 'hostname'"),
        ("[{hostname: kos}]", "no 'ips'"), ("[{hostname: kos, ips: []}]", "no 'ips'"),
        ("[{hostname: kos, ips: 192.0.2.1}]", "no 'ips'"), ("[{hostname: kos, ips: [kos]}]", "no IP address"),
        ("[{hostname: kos, ips: ['fe80::1%eth0']}]", "no IP address"),
        ("[{hostname: kos, ips: [[a]]}]", "no IP address"),
        ("[{hostname: kos, ips: [192.0.2.1]}, {hostname: Kos, ips: [192.0.2.2]}]", "two aliases"),
    ])
    func whatCannotBeIsRefusedWithTheReason(_ yaml: String, _ reason: String) throws {
        let fault = #expect(throws: PeerFault.self) { try aliases(yaml) }
        #expect(fault?.message.contains(reason) == true, "\(String(describing: fault))")
    }
}
