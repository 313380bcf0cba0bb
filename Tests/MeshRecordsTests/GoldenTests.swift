import MeshCore
import MeshRecords
import Testing

@Suite("Records: golden texts")
struct GoldenTests {
    @Test func eachRecordIsWrittenAsCiliumWritesIt() throws {
        #expect(text(try ClusterConfig(decoding: bytes(Golden.clusterConfig)).encoded()) == Golden.clusterConfig)
        #expect(text(try NodeRecord(decoding: bytes(Golden.node)).encoded()) == Golden.node)
        #expect(text(try ServiceRecord(decoding: bytes(Golden.service)).encoded()) == Golden.service)
        #expect(text(try IPRecord(decoding: bytes(Golden.ip)).encoded()) == Golden.ip)
        #expect(text(try IdentityRecord(id: 199_472, decoding: bytes(Golden.identity)).encoded()) == Golden.identity)
    }

    @Test func everyFieldOfANodeIsRead() throws {
        let node = try NodeRecord(decoding: bytes(Golden.node))
        var expected = NodeRecord(name: "worker-1", cluster: "eu-west", clusterID: 3)
        expected.addresses = [
            .init("InternalIP", try IPAddress("172.20.0.11")), .init("CiliumInternalIP", try IPAddress("10.12.3.1")),
        ]
        expected.ipv4AllocationCIDR = try IPPrefix("10.12.3.0/24")
        expected.ipv4HealthIP = try IPAddress("10.12.3.77")
        expected.source = "custom-resource"
        expected.labels = ["kubernetes.io/hostname": "worker-1"]
        expected.bootID = "0f6c0c8e-3a43-4c0f-8e46-1fb0a35b9d7e"
        #expect(node == expected)
    }

    @Test func everyFieldOfAServiceIsRead() throws {
        let service = try ServiceRecord(decoding: bytes(Golden.service))
        let port = ServicePort(name: "http", number: 8080)
        var expected = ServiceRecord(
            cluster: "eu-west",
            name: ServiceName(namespace: "shop", name: "cart"),
            clusterID: 3,
            frontends: [
                ServiceEndpoint(try IPAddress("10.96.14.9"), ports: [ServicePort(name: "http", number: 80)])
            ],
            backends: [
                ServiceEndpoint(try IPAddress("10.12.4.8"), ports: [port]),
                ServiceEndpoint(try IPAddress("10.12.3.45"), ports: [port]),
            ]
        )
        expected.zones = ["10.12.3.45": BackendZone("eu-west-1a", forZones: ["eu-west-1a"])]
        expected.selector = ["app": "cart"]
        #expect(service == expected)
    }

    @Test func everyFieldOfAnIPIsRead() throws {
        let ip = try IPRecord(decoding: bytes(Golden.ip))
        var expected = IPRecord(
            ip: .address(try IPAddress("10.12.3.45")),
            hostIP: try IPAddress("172.20.0.11"),
            identity: 199_472
        )
        expected.namespace = "shop"
        expected.podName = "cart-6c9f7"
        expected.serviceAccount = "default"
        expected.namedPorts = [.init(name: "http", number: 8080)]
        #expect(ip == expected)
    }

    @Test func everyFieldOfAConfigIsRead() throws {
        var expected = ClusterConfig(id: 3)
        expected.syncedCanaries = true
        expected.maxConnectedClusters = 255
        expected.serviceExportsEnabled = false
        expected.endpointSlicesExportMode = "services-and-endpointslices"
        #expect(try ClusterConfig(decoding: bytes(Golden.clusterConfig)) == expected)
    }

    @Test func aFullRecordOfEachKindSurvivesBeingWrittenAndRead() throws {
        var node = NodeRecord(name: "n", cluster: "c", clusterID: 7)
        node.addresses = [.init("ExternalIP", try IPAddress("2001:db8::1"))]
        node.ipv4AllocationCIDR = try IPPrefix("10.0.0.0/25")
        node.ipv4SecondaryAllocationCIDRs = [try IPPrefix("10.0.1.0/24"), try IPPrefix("10.0.2.0/31")]
        node.ipv6AllocationCIDR = try IPPrefix("fd00::/65")
        node.ipv6SecondaryAllocationCIDRs = [try IPPrefix("fd00:1::/128")]
        node.ipv4HealthIP = try IPAddress("10.0.0.1")
        node.ipv6HealthIP = try IPAddress("fd00::1")
        node.ipv4IngressIP = try IPAddress("10.0.0.2")
        node.ipv6IngressIP = try IPAddress("fd00::2")
        node.source = "local"
        node.encryptionKey = 255
        node.labels = ["a": "1", "b": "<&>\u{2028}ø"]
        node.annotations = ["quote\"": "back\\slash\n"]
        node.wireGuardPublicKey = "yKEbQ6GkK4vY+S0c0N0v5k0Q6v8H3cT8JqNf4hT8Xm8="
        node.bootID = "boot"
        #expect(try NodeRecord(decoding: node.encoded()) == node)

        var service = try ServiceRecord(decoding: bytes(Golden.service))
        service.hostnames = ["10.12.3.45": "cart-0"]
        service.labels = ["team": "web"]
        #expect(try ServiceRecord(decoding: service.encoded()) == service)

        var ip = IPRecord(ip: .cidr(try IPPrefix("fd00::/64")), hostIP: nil, identity: 2)
        ip.encryptionKey = 3
        ip.metadata = "m"
        #expect(try IPRecord(decoding: ip.encoded()) == ip)

        var config = ClusterConfig(id: 511)
        config.cached = true
        config.serviceExportsEnabled = true
        #expect(try ClusterConfig(decoding: config.encoded()) == config)
    }

    @Test func aConfigWithoutAnythingIsWrittenAsGoWritesIt() throws {
        #expect(text(ClusterConfig(id: 0).encoded()) == #"{"capabilities":{}}"#)
    }

    @Test func anAbsentHostIsAnEmptyText() throws {
        let ip = IPRecord(ip: .cidr(try IPPrefix("10.0.0.0/8")), hostIP: nil, identity: 2)
        #expect(
            text(ip.encoded()) == #"{"IP":"10.0.0.0","Mask":"/wAAAA==","HostIP":"","ID":2,"Key":0,"Metadata":""}"#
        )
    }

    @Test func addressesOfAServiceStandInTheOrderOfTheirText() throws {
        let backends = try ["10.0.0.9", "10.0.0.10"].map { ServiceEndpoint(try IPAddress($0), ports: []) }
        let service = ServiceRecord(
            cluster: "c",
            name: ServiceName(namespace: "n", name: "s"),
            clusterID: 1,
            backends: backends
        )
        #expect(text(service.encoded()).contains(#""backends":{"10.0.0.10":{},"10.0.0.9":{}}"#))
    }
}
