import MeshCore
import MeshRecords
import Testing

@testable import MeshMirror

struct FollowedKindsTests {
    private func config(canaries: Bool = true, cached: Bool = false) -> ClusterConfig {
        var config = ClusterConfig(id: 7)
        config.syncedCanaries = canaries
        config.cached = cached
        return config
    }

    private func followed(_ kinds: FollowedKinds) -> [MirrorRange] { MirrorRange.all.filter(kinds.mayFollow) }

    @Test("before a peer is identified only its config and heartbeat are followed")
    func unidentified() {
        var kinds = FollowedKinds()
        kinds.connectionBegan()
        #expect(followed(kinds) == [.config, .heartbeat])
        kinds.identified(config(canaries: false))
        kinds.connectionBegan()
        #expect(followed(kinds) == [.config, .heartbeat], "each connection identifies anew")
    }

    @Test("without canaries all kinds that are exported begin at once, each under one prefix")
    func noCanaries() {
        var kinds = FollowedKinds()
        kinds.identified(config(canaries: false))
        #expect(
            Set(followed(kinds))
                == [
                    .config, .heartbeat, .records(.node, .own), .records(.service, .own), .records(.identity, .own),
                    .records(.ip, .own),
                ]
        )
    }

    @Test("canary missing: a kind begins only when its own canary is there")
    func canaryMissing() {
        var kinds = FollowedKinds()
        kinds.identified(config())
        #expect(followed(kinds) == [.config, .heartbeat, .canaries])
        #expect(kinds.isAwaitingCanary(.node) && !kinds.isAwaitingCanary(.serviceExport))
        kinds.canaryFound(.node, .own)
        #expect(followed(kinds) == [.config, .heartbeat, .canaries, .records(.node, .own)])
        #expect(!kinds.isAwaitingCanary(.node) && kinds.isAwaitingCanary(.ip))
        #expect(kinds.ranges.contains(.records(.ip, .own)), "the peer is not synchronised without it")
    }

    @Test("the canary of another layout, or of a former connection, does not count")
    func otherCanaries() {
        var kinds = FollowedKinds()
        kinds.identified(config())
        kinds.canaryFound(.node, .cached)
        #expect(!kinds.mayFollow(.records(.node, .own)) && !kinds.mayFollow(.records(.node, .cached)))
        kinds.canaryFound(.node, .own)
        kinds.connectionBegan()
        kinds.identified(config())
        #expect(!kinds.mayFollow(.records(.node, .own)))
    }

    @Test("copies are read under the other prefix, where every key names the cluster")
    func cached() throws {
        var kinds = FollowedKinds()
        kinds.identified(config(canaries: false, cached: true))
        #expect(kinds.mayFollow(.records(.ip, .cached)) && !kinds.mayFollow(.records(.ip, .own)))
        let keys = try kinds.ranges.map { "\($0.keys(of: try .init("athens")).lower)" }
        #expect(
            Set(keys) == [
                "cilium/cache/nodes/v1/athens/", "cilium/cache/services/v1/athens/",
                "cilium/cache/identities/v1/athens/id/", "cilium/cache/ip/v1/athens/",
            ]
        )
    }

    @Test("of identities only the keys by number are read")
    func identities() throws {
        let range = MirrorRange.records(.identity, .own).keys(of: try .init("athens"))
        #expect(range.contains("cilium/state/identities/v1/id/65601"))
        #expect(!range.contains("cilium/state/identities/v1/value/k8s:app=cart;/10.0.0.1"))
        #expect(!range.contains("cilium/state/identities/v1/locks/x"))
    }

    @Test("services are not followed of a peer that exports endpoint slices only, exports only of one that has them")
    func exportedKinds() {
        var slices = config(canaries: false)
        slices.endpointSlicesExportMode = "endpointslices-only"
        slices.serviceExportsEnabled = true
        var kinds = FollowedKinds()
        kinds.identified(slices)
        #expect(!kinds.mayFollow(.records(.service, .own)) && kinds.mayFollow(.records(.serviceExport, .own)))
        #expect(slices.unsupported.count == 1 && config().unsupported.isEmpty)
    }

    @Test("a kind is synchronised from when it is listed and followed until it is listed again or the connection ends")
    func synchronised() {
        var kinds = FollowedKinds()
        kinds.identified(config(canaries: false))
        kinds.listingBegan(.node)
        #expect(kinds.synchronised.isEmpty)
        kinds.watchBegan(.node)
        #expect(kinds.synchronised == [.node])
        kinds.listingBegan(.node)
        #expect(kinds.synchronised.isEmpty)
        kinds.watchBegan(.node)
        kinds.connectionBegan()
        #expect(kinds.synchronised.isEmpty)
    }

    @Test("every range has an index of its own, by which the follower names it")
    func indices() {
        #expect(MirrorRange.all.map(\.index) == Array(MirrorRange.all.indices))
    }
}
