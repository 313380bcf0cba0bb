import MeshCore
import MeshRecords
import MeshViews
import TestSupport
import Testing

@Suite("Identities")
struct IdentitiesTests {
    static let cart = "k8s:app=cart;k8s:io.cilium.k8s.policy.cluster=kos;"

    private func sample() -> Identities {
        merged(
            Identities.self,
            [
                set(identity(65_537, "k8s:app=cart;k8s:env=test;"), in: Cluster.athens),
                set(identity(131_073, "k8s:app=cart;"), in: Cluster.hurup),
                set(identity(196_609, Self.cart), in: Cluster.kos),
                set(identity(196_610, "any:app=shop;"), in: Cluster.kos),
            ]
        )
    }

    @Test func numbersLeadToLabelsAndLabelsToNumbers() {
        let identities = sample()
        #expect(identities.count == 4)
        #expect(identities[196_609]?.cluster == Cluster.kos)
        #expect(identities[196_609]?.labels.description == Self.cart)
        #expect(identities[1] == nil)
        #expect(identities.identities(with: LabelSet(parsing: Self.cart)).map(\.id) == [196_609])
        #expect(identities.identities(with: LabelSet(parsing: "k8s:app=cart;")).map(\.id) == [131_073])
        #expect(identities.identities(with: LabelSet(parsing: "k8s:app=nothing;")) == [])
    }

    @Test(arguments: [
        ("", [65_537, 131_073, 196_609, 196_610]), ("app=cart", [65_537, 131_073, 196_609]),
        ("app=cart,env", [65_537]), ("app=cart,!env", [131_073, 196_609]), ("env!=test", [131_073, 196_609, 196_610]),
        ("app in (shop, none)", [196_610]), ("k8s:app=shop", []), ("any:app=shop", [196_610]),
        ("app=cart,io.cilium.k8s.policy.cluster=kos", [196_609]), ("app=cart,app=shop", []),
    ])
    func aSelectorChoosesOverAllClusters(selector: String, ids: [UInt32]) throws {
        let selector = try LabelSelector(parsing: selector)
        #expect(sample().identities(matching: selector, defaultingTo: .allClusters).map(\.id) == ids)
    }

    @Test(arguments: [
        ("", [65_537]), ("app=cart", [65_537]), ("app=cart,env", [65_537]), ("!env", []), ("app=shop", []),
        // A requirement about the cluster, whatever it says, means that the selector looks beyond the local one.
        ("app=cart,io.cilium.k8s.policy.cluster=kos", [196_609]), ("io.cilium.k8s.policy.cluster", [196_609]),
        ("app=cart,!k8s:io.cilium.k8s.policy.cluster", [65_537, 131_073]),
        ("app=cart,any:io.cilium.k8s.policy.cluster in (kos, hurup)", [196_609]),
        ("app=cart,io.cilium.k8s.policy.cluster notin (kos)", [65_537, 131_073]),
        ("app=cart,reserved:io.cilium.k8s.policy.cluster!=kos", [65_537]),
    ])
    func aSelectorThatNamesNoClusterMeansTheLocalOne(selector: String, ids: [UInt32]) throws {
        #expect(sample().identities(matching: try LabelSelector(parsing: selector)).map(\.id) == ids)
    }

    @Test func aClustersIdentitiesAreThoseItGaveAndThatCount() {
        var identities = sample()
        #expect(identities.identities(of: Cluster.kos).map(\.id) == [196_609, 196_610])
        _ = identities.apply([set(identity(196_610, "k8s:app=ours;"), in: Cluster.athens)])
        #expect(identities.identities(of: Cluster.kos).map(\.id) == [196_609])
        #expect(identities.identities(of: Cluster.athens).map(\.id) == [65_537, 196_610])
        _ = identities.apply([.withdrawn(Cluster.athens)])
        #expect(identities.identities(of: Cluster.kos).map(\.id) == [196_609, 196_610])
        #expect(identities.identities(of: Cluster.athens) == [])
    }

    @Test func theIndexFollowsChangesOfLabels() throws {
        var identities = sample()
        let selector = try LabelSelector(parsing: "app=cart")
        _ = identities.apply([set(identity(131_073, "k8s:app=shop;"), in: Cluster.hurup)])
        let scope = SelectorScope.allClusters
        #expect(identities.identities(matching: selector, defaultingTo: scope).map(\.id) == [65_537, 196_609])
        _ = identities.apply([remove(.identity(65_537), in: Cluster.athens), .withdrawn(Cluster.kos)])
        #expect(identities.identities(matching: selector, defaultingTo: scope) == [])
        #expect(identities.all.map(\.id) == [131_073])
    }

    @Test func aNumberThatTwoClustersClaimIsTheLocalOnes() {
        var identities = merged(
            Identities.self,
            [
                set(identity(7, "k8s:of=kos;"), in: Cluster.kos),
                set(identity(7, "k8s:of=athens;"), in: Cluster.athens),
                set(identity(7, "k8s:of=hurup;"), in: Cluster.hurup),
            ]
        )
        #expect(identities[7]?.cluster == Cluster.athens)
        _ = identities.apply([remove(.identity(7), in: Cluster.athens)])
        #expect(identities[7]?.cluster == Cluster.hurup)
        #expect(identities.identities(with: LabelSet(parsing: "k8s:of=athens;")) == [])
    }

    @Test func selectionThroughTheIndexIsSelectionByLooking() async throws {
        let selectors = try ["a=1", "a=1,b=2", "b=2,!a", "a in (1,2),b", "a!=1", "k8s:a=2,b notin (1)"]
            .map { try LabelSelector(parsing: $0) }
        try await withRandomNumbers { random in
            var identities = Identities(local: Cluster.athens)
            #expect(selectors.allSatisfy { !$0.namesCluster })
            for _ in 0..<300 {
                let id = UInt32.random(in: 0..<30, using: &random)
                let cluster = Cluster.all.randomElement(using: &random) ?? Cluster.kos
                let labels = ["a", "b", "c"].filter { _ in Bool.random(using: &random) }
                    .map {
                        "\(Bool.random(using: &random) ? "k8s" : "any"):\($0)=\(Int.random(in: 1...2, using: &random));"
                    }
                let update =
                    labels.isEmpty
                    ? remove(.identity(id), in: cluster) : set(identity(id, labels.joined()), in: cluster)
                _ = identities.apply([update])
                for selector in selectors {
                    let expected = identities.all.filter { selector.matches($0.labels) }
                    #expect(identities.identities(matching: selector, defaultingTo: .allClusters) == expected)
                    let local = expected.filter { $0.cluster == Cluster.athens }
                    #expect(identities.identities(matching: selector) == local)
                }
            }
        }
    }
}

@Suite("LabelSelector")
struct LabelSelectorTests {
    private let labels = LabelSet(parsing: "k8s:app=cart;reserved:host=;k8s:tier=web;")

    @Test(arguments: [
        "", "  ", "app=cart", "app==cart", " app = cart ", "app", "k8s:app", "any:app=cart", "host", "host=",
        "reserved:host", "app!=shop", "missing!=x", "!missing", "app in (shop,cart)", "app in (cart)",
        "app notin (shop, x)", "missing notin (x)", "app=cart,tier=web", "app=cart , !missing", "!k8s:host",
        "host in ()",
    ])
    func matching(selector: String) throws {
        #expect(try LabelSelector(parsing: selector).matches(labels))
    }

    @Test(arguments: [
        "app=shop", "missing", "missing=", "!app", "app!=cart", "app in (shop)", "app notin (cart,shop)", "k8s:host",
        "reserved:app=cart", "app=cart,missing", "app in ()", "tier=Web",
    ])
    func notMatching(selector: String) throws {
        #expect(try !LabelSelector(parsing: selector).matches(labels))
    }

    @Test(arguments: [
        ",", "app=cart,", "=cart", "!", "!=cart", "app cart", "app of (cart)", "in (cart)", "app in cart)", "a=b=c",
        "app in (a b)", ":app", "k8s:=cart", "app=(cart)", "app in (cart", "a!b", "!app=cart",
    ])
    func whatIsNoSelectorIsRefusedByName(selector: String) {
        let error = #expect(throws: LabelSelector.ParseError.self) { try LabelSelector(parsing: selector) }
        #expect(error?.message.hasPrefix("'") == true)
    }
}
