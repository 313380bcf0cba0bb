import Testing

@testable import ClusterMesh

@Suite struct RepublishedClusterTests {
    private typealias Write = RepublishedCluster.Write

    private let kos: ClusterName
    private var cluster: RepublishedCluster
    private let config = ClusterConfig(id: 3)
    private let configKey: Key = "cilium/cluster-config/kos"

    init() throws {
        kos = try ClusterName("kos")
        cluster = RepublishedCluster(kos)
    }

    private func pair(_ value: String) -> KeyValue {
        KeyValue(key: "somewhere/else", createRevision: 7, modRevision: 9, version: 2, value: Array(value.utf8))
    }

    private func put(_ key: Key, _ value: String) -> Write { .put(key, Array(value.utf8)) }

    private func canary(_ kind: String) -> Key { Key("cilium/synced/kos/cilium/cache/\(kind)/v1") }

    // What an expectation can call.

    private mutating func identified(_ config: ClusterConfig) -> [Write]? { cluster.identified(config) }

    private mutating func synchronized(_ kind: RecordKind, at time: String) -> [Write] {
        cluster.synchronized(kind, at: time)
    }

    private mutating func withdrawn(at now: Duration, grace: Duration) -> [Write] {
        cluster.withdrawn(at: now, grace: grace)
    }

    private mutating func crowdedOut(_ why: String) -> [Write] { cluster.crowdedOut(why) }

    private mutating func isDue(at now: Duration) -> Bool { cluster.isDue(at: now) }

    /// A cluster that is shown, with the canaries of these kinds.
    private mutating func show(_ kinds: RecordKind...) {
        _ = identified(config)
        for kind in kinds { _ = synchronized(kind, at: "now") }
    }

    @Test mutating func aPeerThatIsKnownIsShownWithItsNumberAsACopy() throws {
        var theirs = ClusterConfig(id: 3)
        theirs.maxConnectedClusters = 511
        theirs.serviceExportsEnabled = false
        let json =
            #"{"id":3,"capabilities":{"syncedCanaries":true,"cached":true,"maxConnectedClusters":511,"serviceExportsEnabled":false}}"#
        #expect(identified(theirs) == [put(configKey, json)])
        #expect(identified(theirs) == [], "the same again changes nothing")
    }

    @Test(arguments: [
        ("", ""), ("services-and-endpointslices", ""), ("endpointslices-only", "endpointslices-only"),
    ])
    func aPeerIsSaidToExportOnlyWhatIsCopied(_ theirs: String, _ ours: String) {
        var config = config
        config.endpointSlicesExportMode = theirs
        #expect(RepublishedCluster.config(copiedFrom: config).endpointSlicesExportMode == ours)
    }

    @Test mutating func recordsAreCopiedByteByByteToWhereTheirClusterStandsInTheKey() throws {
        show()
        let address = IPKey.address(try IPAddress("10.3.0.7"))
        let writes = cluster.changed([
            .put(.node("n1"), value: pair("{ odd }")), .put(.identity(196_700), value: pair("k8s:a=b;")),
            .put(.ip(address), value: pair("{}")), .delete(.service(ServiceName(namespace: "shop", name: "cart"))),
        ])
        #expect(
            writes == [
                put("cilium/cache/nodes/v1/kos/n1", "{ odd }"),
                put("cilium/cache/identities/v1/kos/id/196700", "k8s:a=b;"),
                put("cilium/cache/ip/v1/kos/10.3.0.7", "{}"),
                .delete("cilium/cache/services/v1/kos/shop/cart"),
            ])
    }

    @Test mutating func ofSeveralChangesOfOneRecordTheLastCounts() {
        show()
        let writes = cluster.changed([
            .put(.node("n1"), value: pair("1")), .put(.node("n2"), value: pair("2")), .delete(.node("n1")),
        ])
        #expect(writes == [put("cilium/cache/nodes/v1/kos/n2", "2"), .delete("cilium/cache/nodes/v1/kos/n1")])
    }

    @Test mutating func aCanaryIsWrittenOnceWhenItsKindWasTold() {
        show()
        #expect(synchronized(.ip, at: "2027-01-15T08:00:00Z") == [put(canary("ip"), "2027-01-15T08:00:00Z")])
        #expect(synchronized(.ip, at: "later").isEmpty, "also after the next connection")
        #expect(synchronized(.node, at: "x") == [put(canary("nodes"), "x")])
    }

    @Test mutating func nothingIsWrittenBeforeThePeerIsKnown() {
        #expect(cluster.changed([.put(.node("n1"), value: pair("1"))]).isEmpty)
        #expect(synchronized(.node, at: "x").isEmpty)
        #expect(cluster.servicesExpired().isEmpty)
        #expect(withdrawn(at: .zero, grace: .zero).isEmpty)
        #expect(cluster.isGone)
    }

    @Test mutating func aKindThatThePeerNoLongerExportsLosesItsCanary() {
        show(.node, .service)
        var slices = config
        slices.endpointSlicesExportMode = "endpointslices-only"
        let writes = identified(slices)
        #expect(writes?.first == .delete(canary("services")))
        #expect(writes?.count == 2)
        #expect(identified(config)?.count == 1)
        #expect(synchronized(.service, at: "x").count == 1)
    }

    @Test mutating func expiredServicesGoAndComeBackWithTheirCanaryInPlace() {
        show(.service)
        #expect(
            cluster.servicesExpired() == [
                .prefix("cilium/cache/services/v1/kos/"), .prefix("cilium/cache/serviceexports/v1/kos/"),
            ])
        #expect(synchronized(.service, at: "x").isEmpty)
        let name = RecordKey.service(ServiceName(namespace: "shop", name: "cart"))
        #expect(cluster.changed([.put(name, value: pair("1"))]).count == 1)
    }

    // MARK: Leaving

    @Test mutating func ofAPeerThatLeavesTheConfigGoesFirstAndTheRestAfterTheGrace() {
        show(.node)
        #expect(withdrawn(at: .seconds(10), grace: .seconds(180)) == [.delete(configKey)])
        #expect(cluster.deadline == .seconds(190))
        #expect(cluster.changed([.delete(.node("n1"))]).isEmpty, "its mirror's last deletions are not passed on")
        #expect(cluster.servicesExpired().isEmpty)
        #expect(!isDue(at: .seconds(189)))
        #expect(isDue(at: .seconds(190)))
        #expect(cluster.isErasing && cluster.deadline == nil)
        cluster.erased()
        #expect(cluster.isGone)
    }

    @Test func theCanariesAreErasedBeforeTheRecords() {
        let ranges = cluster.everything
        #expect(ranges.first == .prefix("cilium/synced/kos/"))
        #expect(ranges.count == 1 + RecordKind.allCases.count)
        #expect(ranges.dropFirst().allSatisfy { $0.lower.description.contains("/v1/kos/") })
    }

    @Test mutating func whoComesBackDuringTheGraceBeginsWithoutWhatWasThere() {
        show(.node)
        _ = withdrawn(at: .zero, grace: .seconds(180))
        #expect(identified(ClusterConfig(id: 4)) == nil, "first the former life's records go")
        #expect(cluster.isErasing)
        #expect(identified(ClusterConfig(id: 4)) == nil)
        cluster.erased()
        #expect(identified(ClusterConfig(id: 4))?.count == 1)
        #expect(synchronized(.node, at: "x").count == 1, "its canaries are written anew")
        #expect(!isDue(at: .seconds(1_000)), "the grace of the former life is forgotten")
    }

    // MARK: No room

    @Test mutating func whoIsCrowdedOutGoesAsAWholeAndStaysOut() {
        show(.node)
        #expect(crowdedOut("no room") == [.delete(configKey)])
        #expect(crowdedOut("again").isEmpty)
        cluster.erased()
        #expect(cluster.state == .refused && cluster.fault == "no room")
        #expect(!cluster.isGone)
        #expect(identified(config) == [])
        #expect(cluster.changed([.put(.node("n1"), value: pair("1"))]).isEmpty)
        #expect(synchronized(.node, at: "x").isEmpty)
    }

    @Test mutating func whoHasNoRoomForItsConfigIsRemembered() {
        #expect(crowdedOut("no room").isEmpty)
        #expect(cluster.state == .refused && cluster.fault == "no room")
    }

    @Test mutating func whoWasCrowdedOutMayTryAgainOnceItsMirrorBeginsAnew() {
        show(.node)
        _ = crowdedOut("no room")
        cluster.erased()
        #expect(withdrawn(at: .zero, grace: .seconds(180)).isEmpty)
        #expect(cluster.isGone)
        #expect(identified(config)?.count == 1)
    }

    @Test mutating func aMirrorThatBeginsAnewWhileItsClusterIsErasedWaitsForTheEnd() {
        show(.node)
        _ = crowdedOut("no room")
        #expect(identified(config) == [], "the same mirror goes on in vain")
        _ = withdrawn(at: .zero, grace: .zero)
        #expect(identified(config) == nil)
        cluster.erased()
        #expect(identified(config)?.count == 1)
    }
}
