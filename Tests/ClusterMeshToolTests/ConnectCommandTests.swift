import Foundation
import TestSupport
import Testing

/// `clustermesh connect`, on directories that `clustermesh certs` has made.
@Suite struct ConnectCommandTests {
    private let tool: Tool

    init() throws {
        tool = try Tool()
    }

    /// Makes a cluster's directory, with its own authority or that of another one.
    private func make(_ name: String, _ lines: String, ca: String? = nil) async throws {
        let inherited = ca.map { ["--ca", $0] } ?? []
        if ca == nil { _ = try await tool.run("certs", "ca", "--cluster", name, "--out", name) }
        for kind in ["server", "client"] {
            let result = try await tool.run(["certs", kind, "--cluster", name, "--out", name] + inherited)
            #expect(result.exitCode == 0, "\(result.errorOutput)")
        }
        try configure(name, lines)
    }

    private func configure(_ name: String, _ lines: String) throws {
        try tool.directory.write(
            """
            name: \(name)
            cert: server.crt
            key: server.key
            ca: ca.crt
            \(lines)

            """, to: "\(name)/cluster.yaml")
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: tool.directory.file(path))
    }

    @Test func twoClustersAreConnected() async throws {
        try await make("athens", "id: 1\nlisten: 127.0.0.1:23791\npod-cidr: 10.1.0.0/16")
        try await make("hurup", "id: 2\nadvertise: https://hurup.example:2379\npod-cidr: [10.2.0.0/16]", ca: "athens")
        let result = try await tool.run("connect", "athens", "hurup")
        #expect(result.exitCode == 0, "\(result.errorOutput)")
        #expect(
            result.output == """
                athens/peers/hurup  how athens reaches hurup
                hurup/peers/athens  how hurup reaches athens

                """)
        #expect(
            try tool.directory.read("athens/peers/hurup") == """
                # How 'athens' reaches 'hurup'. Written by 'clustermesh connect'.
                endpoints:
                - https://hurup.example:2379
                trusted-ca-file: ../ca.crt
                cert-file: ../clients/remote-athens.crt
                key-file: ../clients/remote-athens.key

                """)
        #expect(try tool.directory.read("hurup/peers/athens").contains("\n- https://127.0.0.1:23791\n"))

        let again = try await tool.run("connect", "hurup/", "athens")
        #expect(again.exitCode == 0)
        #expect(
            again.output == """
                hurup/peers/athens  how hurup reaches athens (as before)
                athens/peers/hurup  how athens reaches hurup (as before)

                """)
    }

    @Test func anEndpointThatMovedIsReplacedWhenForced() async throws {
        try await make("athens", "id: 1")
        try await make("hurup", "id: 2\nlisten: 127.0.0.1:2380", ca: "athens")
        #expect(try await tool.run("connect", "athens", "hurup").exitCode == 0)
        try configure("hurup", "id: 2\nlisten: 127.0.0.1:2381")
        let refused = try await tool.run("connect", "athens", "hurup")
        #expect(refused.exitCode == 1)
        #expect(
            refused.errorOutput
                == "Error: athens/peers/hurup: the file is there already, says something else, and was left as it is; "
                + "--force replaces it\n")
        let forced = try await tool.run("connect", "athens", "hurup", "--force")
        #expect(
            forced.output == """
                athens/peers/hurup  how athens reaches hurup (replaced)
                hurup/peers/athens  how hurup reaches athens (as before)

                """)
        #expect(try tool.directory.read("athens/peers/hurup").contains(":2381\n"))
    }

    @Test func whatCannotGoTogetherIsRefusedWithEveryReason() async throws {
        try await make("athens", "id: 1\nmax-clusters: 511\npod-cidr: 10.1.0.0/16")
        try await make("hurup", "id: 1\npod-cidr: [10.2.0.0/16, 10.1.128.0/17]")
        let result = try await tool.run("connect", "athens", "hurup")
        #expect(result.exitCode == 1)
        for reason in [
            "'athens' and 'hurup' both have ID 1; IDs are unique in a mesh",
            "'athens' is set up for 511 clusters and 'hurup' for 255",
            "athens/ca.crt lacks the authority of 'hurup', CN=hurup mesh CA",
            "hurup/ca.crt lacks the authority of 'athens', CN=athens mesh CA",
            "the pods' addresses overlap: 10.1.0.0/16 of 'athens' and 10.1.128.0/17 of 'hurup'",
        ] {
            #expect(result.errorOutput.contains(reason), "\(reason) is not in \(result.errorOutput)")
        }
        #expect(!exists("athens/peers") && !exists("hurup/peers"))
        let same = try await tool.run("connect", "athens", "athens")
        #expect(same.exitCode == 1)
        #expect(same.errorOutput.contains("are both called 'athens'"), "\(same.errorOutput)")
    }

    @Test func theNodesInStateFilesCountAsPodsAddresses() async throws {
        func node(_ cidr: String) -> String {
            let value =
                #"{\"Name\":\"n\",\"Cluster\":\"c\",\"ClusterID\":1,\"IPv4AllocCIDR\":{\"IP\":\"\#(cidr)\",\"Mask\":\"////AA==\"}}"#
            return #"{"key":"cilium/state/nodes/v1/c/n","value":"\#(value)"}"#
        }
        try await make("athens", "id: 1\nstate: state")
        try await make("hurup", "id: 2\nstate: state", ca: "athens")
        try tool.directory.write(node("10.7.1.0"), to: "athens/state/a.jsonl")
        try tool.directory.write(node("10.7.2.0"), to: "hurup/state/a.jsonl")
        #expect(try await tool.run("connect", "athens", "hurup").exitCode == 0)
        try tool.directory.write(node("10.7.1.0"), to: "hurup/state/a.jsonl")
        let result = try await tool.run("connect", "athens", "hurup")
        #expect(result.exitCode == 1)
        #expect(
            result.errorOutput.contains("10.7.1.0/24 of 'athens' and 10.7.1.0/24 of 'hurup'"), "\(result.errorOutput)")
    }

    @Test func whatIsMissingIsNamedWithWhatToDo() async throws {
        let nothing = try await tool.run("connect", "athens", "hurup")
        #expect(nothing.exitCode == 1)
        #expect(nothing.errorOutput == "Error: athens/cluster.yaml: it does not exist\n")

        try await make("athens", "id: 1\nlisten: 0.0.0.0:2379")
        let nowhere = try await tool.run("connect", "athens", "hurup")
        #expect(nowhere.errorOutput.hasPrefix("Error: athens/cluster.yaml: the address that is listened on is none"))

        try configure("athens", "id: 1\nid: 2")
        let broken = try await tool.run("connect", "athens", "hurup")
        #expect(broken.errorOutput.hasPrefix("Error: athens/cluster.yaml:"), "\(broken.errorOutput)")

        try configure("athens", "id: 1")
        try FileManager.default.removeItem(atPath: tool.directory.file("athens/clients"))
        let keyless = try await tool.run("connect", "athens", "hurup")
        #expect(
            keyless.errorOutput == """
                Error: athens/clients/remote-athens.crt: there is no such file; 'clustermesh certs client --cluster \
                athens --out athens' issues it, with --ca and the directory of the authority where that is another one

                """)
        let few = try await tool.run("connect", "athens")
        #expect(few.exitCode == 64)
    }
}
