import MeshCore
import MeshLocalAPI
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport
import Testing

/// What KVStoreMesh does, by `etcdctl make-mirror`: another cluster's state, copied from its etcd to where the own
/// agents read it.
@Suite struct EtcdctlReflectionTests {
    private static let theirs = "cilium/state/nodes/v1/hurup/"
    private static let copied = "cilium/cache/nodes/v1/hurup/"

    private func beginToCopy(from etcd: EtcdProcess, to server: LocalServer, as writer: Etcdctl) throws -> ChildProcess
    {
        try etcd.etcdctl.begin(
            "make-mirror", "--prefix=\(Self.theirs)", "--dest-prefix=\(Self.copied)", "--dest-insecure-transport=false",
            "--dest-cacert=\(writer.files.roots)", "--dest-cert=\(writer.files.certificate)",
            "--dest-key=\(writer.files.key)", server.address.endpoint
        )
    }

    private func admin(of server: LocalServer) throws -> Etcdctl {
        try Etcdctl(endpoints: server.address.endpoint, credentials: try TestCertificates.client("admin-athens"))
    }

    @Test(.timeLimit(.minutes(2))) func anotherClustersStateIsCopiedAndFollowed() async throws {
        let etcd = try await EtcdProcess.start(cluster: "hurup")
        try await withEtcdWriter(etcd) { writer in
            for number in 1...50 { try await writer.put(Key("\(Self.theirs)n\(number)"), "first of \(number)") }
            try await withLocalServer {
                $0.writing = .cilium(cluster: $0.cluster, allowsCacheWrites: true)
            } _: { store, server in
                let admin = try admin(of: server)
                let copying = try beginToCopy(from: etcd, to: server, as: admin)
                try await eventually("the copy") { store.snapshot().pairs(in: .prefix(Key(Self.copied))).count == 50 }
                try await writer.put(Key("\(Self.theirs)n1"), "second")
                try await writer.delete(.key(Key("\(Self.theirs)n2")))
                try await writer.perform(
                    TransactionRequest(success: [
                        .put(PutRequest(Key("\(Self.theirs)n51"), [0x78])),
                        .delete(DeleteRequest(.key(Key("\(Self.theirs)n3")))),
                    ])
                )
                try await eventually("the changes") {
                    store.get(Key("\(Self.copied)n1"))?.value.elementsEqual("second".utf8) == true
                        && store.get(Key("\(Self.copied)n2")) == nil && store.get(Key("\(Self.copied)n3")) == nil
                        && store.get(Key("\(Self.copied)n51")) != nil
                }
                #expect(copying.poll() == nil)
                // Its files go with it.
                withExtendedLifetime(admin) {}

                let reader = try Etcdctl(
                    endpoints: server.address.endpoint, credentials: try TestCertificates.client("local-athens")
                )
                let read = try await reader.run("get", Self.copied, "--prefix", "--keys-only")
                #expect(read.output.split(separator: "\n").count == 49, "\(read.output)\(read.errorOutput)")
                let remote = try Etcdctl(
                    endpoints: server.address.endpoint, credentials: try TestCertificates.client("remote-hurup")
                )
                for arguments in [
                    ["get", Self.copied, "--prefix"], ["get", "", "--prefix"], ["get", "\(Self.copied)n1"],
                ] {
                    let refused = try await remote.run(arguments)
                    #expect(refused.output.isEmpty)
                    #expect(refused.errorOutput.contains("etcdserver: permission denied"), "\(refused.errorOutput)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func withoutLeaveNothingIsCopied() async throws {
        let etcd = try await EtcdProcess.start(cluster: "hurup")
        try await withEtcdWriter(etcd) { writer in
            try await writer.put(Key("\(Self.theirs)n1"), "1")
            try await withLocalServer { store, server in
                let admin = try admin(of: server)
                let copying = try beginToCopy(from: etcd, to: server, as: admin)
                let exit = try await copying.waitForExit(within: .seconds(30))
                // Its files go with it.
                withExtendedLifetime(admin) {}
                #expect(exit != .code(0))
                let said = try copying.errorOutput
                #expect(said.contains("may be written in cluster athens"), "\(said)")
                #expect(store.revision == 1)
            }
        }
    }
}
