import ClusterMesh
import ClusterMeshTestKit
import MeshRPC
import MeshWire

/// Clusters that do what they may not.
extension Story {
    /// hurup tries to write into athens' store over the wire.
    func writeIsRefused() async throws {
        narrator.chapter("hurup tries to write to athens")
        let athens = try mesh.agent("athens")
        let revision = athens.reader.revision
        let credentials = try mesh.certificates(of: "hurup").loadClientCredentials("remote-hurup")
        // The only write request in any program or library here; it is made to be refused.
        var configuration = RPCChannelConfiguration(
            host: "127.0.0.1", port: athens.port, credentials: credentials, verifier: .mesh())
        configuration.expectedPeer = .server(cluster: athens.configuration.name, hosts: ["127.0.0.1"])
        let channel = try RPCChannel(configuration: configuration, logger: narrator.silentLogger)
        let put = TransactionCodec.encodeRequest(
            PutRequest("cilium/state/nodes/v1/athens/intruder", Array("mine".utf8)))
        var answer = "the write was accepted"
        var isRefused = false
        do {
            _ = try await channel.unary(RPCMethod(path: EtcdMethods.put), put, timeout: .seconds(5))
        } catch {
            answer = "\(error.code): \(error.message)"
            isRefused = error.code == .permissionDenied
        }
        await channel.shutDown()
        let isUntouched = athens.reader.revision == revision
        narrator.outcome(
            "write-refused", ok: isRefused && isUntouched, "answer: \(answer)",
            ["answer": .text(answer), "storeUntouched": .flag(isUntouched)])
    }

    /// kos publishes records in athens' name.
    func lieIsRefused() async throws {
        narrator.chapter("kos publishes records in the name of athens")
        let kos = try mesh.agent("kos")
        let before = try others(than: "kos").map { try view(at: $0) }
        let athensNode = try mesh.agent("athens").reader.snapshot().pairs(in: .prefix("cilium/state/nodes/v1/athens/"))[
            0]
        let lies: [(key: Key, value: [UInt8])] = [
            // A node of athens under a name of kos.
            ("cilium/state/nodes/v1/kos/impostor", Array(athensNode.value)),
            // An identity out of athens' numbers.
            (
                "cilium/state/identities/v1/id/66999",
                Array("k8s:app=cart;k8s:io.cilium.k8s.policy.cluster=athens;".utf8)
            ),
            // An address that claims one of athens' identities.
            (
                "cilium/state/ip/v1/default/10.0.0.99",
                Array(#"{"IP":"10.0.0.99","Mask":null,"HostIP":"172.16.3.10","ID":66536,"Key":0,"Metadata":""}"#.utf8)
            ),
        ]
        let rejectedBefore = try others(than: "kos").map { try status(of: "kos", at: $0)?.rejections.total ?? 0 }
        try kos.store.transaction { transaction in
            for lie in lies { transaction.put(lie.key, lie.value) }
        }
        var reasons: [String] = []
        for (name, (before, rejectedBefore)) in zip(others(than: "kos"), zip(before, rejectedBefore)) {
            let counted = try await time {
                (try status(of: "kos", at: name)?.rejections.total ?? 0) == rejectedBefore + lies.count
            }
            let isUnharmed = try view(at: name) == before && status(of: "kos", at: name)?.state == .watching
            reasons = try status(of: "kos", at: name)?.rejections.examples.suffix(lies.count).map(\.reason) ?? []
            narrator.outcome(
                "lie-refused", ok: counted != nil && isUnharmed,
                "\(name) refused and counted \(lies.count) records, and goes on following kos",
                [
                    "at": .text(name), "refused": .number(lies.count), "unharmed": .flag(isUnharmed),
                    "reasons": .list(reasons.map { .text($0) }),
                ])
        }
        for reason in reasons { narrator.say("    \(reason)") }
    }
}
