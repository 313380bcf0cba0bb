import MeshCore
import MeshRecords
import MeshViews
import Testing

@Suite("GlobalServices")
struct GlobalServicesTests {
    /// `cart` with one backend in each cluster, as seen from athens.
    private func cart(local: MeshRecord? = nil) throws -> GlobalServices {
        var updates = [
            set(try service("cart", in: Cluster.hurup, backends: ["10.2.0.1"]), in: Cluster.hurup),
            set(try service("cart", in: Cluster.kos, backends: ["10.4.0.1"]), in: Cluster.kos),
        ]
        if let local { updates.append(set(local, in: Cluster.athens)) }
        return merged(GlobalServices.self, updates)
    }

    private func addresses(_ backends: [Backend]) -> [String] { backends.map(\.endpoint.address.description) }

    @Test func backendsOfAllClustersAreOneServiceTheLocalOnesFirst() throws {
        let services = try cart(local: try service("cart", in: Cluster.athens, backends: ["10.0.0.2", "10.0.0.1"]))
        let cart = try #require(services[shop("cart")])
        #expect(cart.clusters == Cluster.all)
        #expect(addresses(cart.backends) == ["10.0.0.1", "10.0.0.2", "10.2.0.1", "10.4.0.1"])
        #expect(cart.backends.map(\.cluster) == [Cluster.athens, Cluster.athens, Cluster.hurup, Cluster.kos])
        #expect(services.count == 1)
        #expect(services.all == [cart])
    }

    @Test func theBackendsOfAClusterAreReplacedAsAWhole() throws {
        var services = try cart()
        let changes = services.apply([
            set(try service("cart", in: Cluster.kos, backends: ["10.4.0.8", "10.4.0.9"]), in: Cluster.kos)
        ])
        #expect(changes.map { $0.old.map { addresses($0.backends) } } == [["10.2.0.1", "10.4.0.1"]])
        #expect(changes.map { $0.new.map { addresses($0.backends) } } == [["10.2.0.1", "10.4.0.8", "10.4.0.9"]])
    }

    @Test func aServiceGoesWithTheLastClusterThatHasIt() throws {
        var services = try cart()
        let key = RecordKey.service(shop("cart"))
        #expect(services.apply([remove(key, in: Cluster.kos)]).map(\.new?.clusters) == [[Cluster.hurup]])
        #expect(services.apply([remove(key, in: Cluster.hurup)]).map(\.new) == [nil])
        #expect(services.count == 0)
        #expect(services == merged(GlobalServices.self, []))
    }

    @Test func aServiceThatARemoteDoesNotShareIsNotThere() throws {
        let unshared = set(
            try service("cart", in: Cluster.kos, backends: ["10.4.0.1"], shared: false),
            in: Cluster.kos
        )
        var services = merged(GlobalServices.self, [unshared])
        #expect(services[shop("cart")] == nil)
        #expect(services.clusters.count(of: Cluster.kos) == 0)
        // One that was shared before goes away like a deleted one.
        services = try cart()
        #expect(services.apply([unshared]).map(\.new?.clusters) == [[Cluster.hurup]])
        #expect(services[shop("cart")]?.clusters == [Cluster.hurup])
    }

    @Test func aLocalServiceThatIsNotSharedStillUsesTheBackendsOfOthers() throws {
        let services = try cart(
            local: try service("cart", in: Cluster.athens, backends: ["10.0.0.1"], shared: false)
        )
        #expect(services[shop("cart")]?.clusters == Cluster.all)
    }

    @Test func aLocalServiceThatIsNotGlobalIsUsedAlone() throws {
        let own = try service("cart", in: Cluster.athens, backends: ["10.0.0.1"], global: false, shared: false)
        let cart = try #require(try cart(local: own)[shop("cart")])
        #expect(!cart.usesRemotes)
        #expect(cart.clusters == [Cluster.athens])
        #expect(addresses(cart.backends) == ["10.0.0.1"])
        #expect(cart.remotes.map(\.cluster) == [Cluster.hurup, Cluster.kos])
        for affinity in ServiceAffinity.allCases {
            #expect(addresses(cart.backends(affinity: affinity)) == ["10.0.0.1"])
        }
        // If nobody else has it, it is not a global service at all.
        let alone = merged(GlobalServices.self, [set(own, in: Cluster.athens)])
        #expect(alone[shop("cart")] == nil)
        #expect(alone.all == [])
        #expect(alone.count == 0)
    }

    @Test func aServiceOfOthersAloneIsThereWithoutALocalPart() throws {
        let cart = try #require(try cart()[shop("cart")])
        #expect(cart.local == nil)
        #expect(addresses(cart.backends) == ["10.2.0.1", "10.4.0.1"])
    }

    @Test func aBackendHasItsZone() throws {
        var record = ServiceRecord(
            cluster: "kos",
            name: shop("cart"),
            clusterID: 3,
            backends: try ["10.4.0.1", "10.4.0.2"].map { ServiceEndpoint(try IPAddress($0), ports: []) }
        )
        record.zones = ["10.4.0.2": BackendZone("kos-a", forZones: ["kos-b"])]
        let services = merged(GlobalServices.self, [set(.service(record), in: Cluster.kos)])
        #expect(services[shop("cart")]?.backends.map(\.zone) == [nil, BackendZone("kos-a", forZones: ["kos-b"])])
    }

    struct AffinityCase: Sendable {
        var affinity: ServiceAffinity
        /// The addresses that are healthy, of 10.0.0.1 (local) and 10.2.0.1 and 10.4.0.1 (remote).
        var healthy: [String]
        var chosen: [String]
    }

    @Test(arguments: [
        AffinityCase(affinity: .none, healthy: [], chosen: ["10.0.0.1", "10.2.0.1", "10.4.0.1"]),
        AffinityCase(affinity: .none, healthy: ["10.4.0.1"], chosen: ["10.0.0.1", "10.2.0.1", "10.4.0.1"]),
        AffinityCase(affinity: .local, healthy: ["10.0.0.1", "10.2.0.1"], chosen: ["10.0.0.1"]),
        AffinityCase(affinity: .local, healthy: ["10.2.0.1"], chosen: ["10.0.0.1", "10.2.0.1", "10.4.0.1"]),
        AffinityCase(affinity: .local, healthy: [], chosen: ["10.0.0.1"]),
        AffinityCase(affinity: .remote, healthy: ["10.0.0.1", "10.4.0.1"], chosen: ["10.2.0.1", "10.4.0.1"]),
        AffinityCase(affinity: .remote, healthy: ["10.0.0.1"], chosen: ["10.0.0.1", "10.2.0.1", "10.4.0.1"]),
        AffinityCase(affinity: .remote, healthy: [], chosen: ["10.2.0.1", "10.4.0.1"]),
    ])
    func affinityPrefersOneSideWhileItIsHealthy(_ testCase: AffinityCase) throws {
        let services = try cart(local: try service("cart", in: Cluster.athens, backends: ["10.0.0.1"]))
        let chosen = services[shop("cart")]?.backends(affinity: testCase.affinity) {
            testCase.healthy.contains($0.endpoint.address.description)
        }
        #expect(addresses(chosen ?? []) == testCase.chosen)
    }

    @Test func theBackendsOfAFailedClusterLeaveAndAffinityYields() throws {
        var services = try cart(local: try service("cart", in: Cluster.athens, backends: ["10.0.0.1"]))
        let cart = try #require(services[shop("cart")])
        func chosen(_ affinity: ServiceAffinity, without failed: [ClusterName]) -> [String] {
            addresses(cart.backends(affinity: affinity, excluding: failed))
        }
        #expect(chosen(.none, without: [Cluster.kos]) == ["10.0.0.1", "10.2.0.1"])
        #expect(chosen(.local, without: [Cluster.kos]) == ["10.0.0.1"])
        #expect(chosen(.local, without: [Cluster.athens]) == ["10.2.0.1", "10.4.0.1"])
        #expect(chosen(.remote, without: [Cluster.hurup]) == ["10.4.0.1"])
        #expect(chosen(.remote, without: [Cluster.hurup, Cluster.kos]) == ["10.0.0.1"])
        #expect(chosen(.none, without: Cluster.all) == [])
        // The clusters that cannot be reached, as the view knows them.
        _ = services.apply([.current(Cluster.hurup), .stale(Cluster.kos)])
        #expect(
            addresses(cart.backends(affinity: .remote, excluding: services.clusters.stale)) == ["10.2.0.1"]
        )
    }

    @Test func theBackendsOfARemovedOrExpiredClusterLeave() throws {
        let local = try service("cart", in: Cluster.athens, backends: ["10.0.0.1"])
        // Expired: its services alone are taken back, while the cluster is away and stays marked.
        var expired = try cart(local: local)
        _ = expired.apply([.stale(Cluster.kos), remove(.service(shop("cart")), in: Cluster.kos)])
        #expect(addresses(expired[shop("cart")]?.backends ?? []) == ["10.0.0.1", "10.2.0.1"])
        #expect(expired.clusters.stale == [Cluster.kos])
        var removed = try cart(local: local)
        _ = removed.apply([.withdrawn(Cluster.kos)])
        #expect(addresses(removed[shop("cart")]?.backends(affinity: .remote) ?? []) == ["10.2.0.1"])
        _ = removed.apply([.withdrawn(Cluster.hurup)])
        #expect(addresses(removed[shop("cart")]?.backends(affinity: .remote) ?? []) == ["10.0.0.1"])
    }

    @Test func servicesAreListedByName() throws {
        let services = merged(
            GlobalServices.self,
            try ["c", "a", "b"].map { set(try service($0, in: Cluster.kos), in: Cluster.kos) }
        )
        #expect(services.all.map(\.name.name) == ["a", "b", "c"])
        #expect(services.count == 3)
    }
}
