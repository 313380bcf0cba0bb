import ClusterMesh
import ClusterMeshTestKit
import Testing

@Suite struct ProducedClusterTests {
    private let size = ProducedSize(nodes: 3, identities: 4, ips: 20)

    @Test(arguments: RecordLayout.allCases)
    func everyRecordIsItsClustersToPublish(_ layout: RecordLayout) throws {
        for number in [1, 7, 255] {
            let cluster = try ProducedCluster(number: number, size: size)
            let decoder = RecordDecoder(cluster: cluster.name, id: cluster.id, layout: layout)
            for record in cluster.records {
                let value = cluster.value(of: record, stamp: .now)
                let decoded = try decoder.decode(
                    key: cluster.key(of: record, in: layout), value: value.encoded()[...]
                ).get()
                #expect(decoded == value)
            }
        }
    }

    @Test func noTwoRecordsAreInEachOthersWay() throws {
        let clusters = try [1, 2, 254].map { try ProducedCluster(number: $0, size: size) }
        let keys = clusters.flatMap { cluster in cluster.records.map { cluster.key(of: $0, in: .cached) } }
        #expect(Set(keys).count == 3 * size.total)
        var ranges: [IPPrefix] = []
        var addresses: [IPAddress] = []
        for cluster in clusters {
            for record in cluster.records {
                switch cluster.value(of: record) {
                case .node(let node):
                    ranges.append(try #require(node.ipv4AllocationCIDR))
                    addresses += node.addresses.map(\.ip)
                case .ip(let ip): addresses.append(ip.ip.prefix.address)
                case .identity, .service, .serviceExport: break
                }
            }
        }
        #expect(Set(addresses).count == addresses.count)
        for (position, range) in ranges.enumerated() {
            #expect(!ranges[..<position].contains { $0.overlaps(range) })
        }
    }

    @Test func aPodIsInTheRangeOfItsNodeAndHasAnIdentityOfItsCluster() throws {
        let cluster = try ProducedCluster(number: 9, size: size)
        for number in 0..<size.ips {
            let pod = cluster.value(of: .ip(number))
            guard case .ip(let ip) = pod, case .node(let node) = cluster.value(of: .node(number % size.nodes)) else {
                Issue.record("IP \(number) is \(pod)")
                continue
            }
            #expect(node.ipv4AllocationCIDR?.contains(ip.ip.prefix.address) == true)
            #expect(ip.hostIP == node.addresses.first?.ip)
            #expect(cluster.id.identities().contains(ip.identity))
        }
    }

    @Test func itsStateIsWhatAClustersOwnStoreHolds() throws {
        let cluster = try ProducedCluster(number: 3, size: size)
        let decoder = RecordDecoder(cluster: cluster.name, id: cluster.id)
        #expect(cluster.state.count == size.total)
        for line in cluster.state { _ = try decoder.decode(key: line.key, value: line.value[...]).get() }
    }

    @Test func itsConfigSaysWhetherRecordsAreCopies() throws {
        let cluster = try ProducedCluster(number: 3, size: size)
        #expect(cluster.config(in: .cached).cached && !cluster.config(in: .own).cached)
        #expect(RecordLayout.allCases.allSatisfy { cluster.config(in: $0).syncedCanaries })
    }

    @Test(
        arguments: [
            ProducedSize(nodes: 0, identities: 1, ips: 0), ProducedSize(nodes: 251, identities: 1, ips: 0),
            ProducedSize(nodes: 1, identities: 0, ips: 0), ProducedSize(nodes: 1, identities: 1_001, ips: 0),
            ProducedSize(nodes: 2, identities: 1, ips: 481), ProducedSize(nodes: 2, identities: 1, ips: -1),
        ])
    func sizesThatHaveNoRoomAreRefused(_ size: ProducedSize) {
        #expect(throws: TestMeshError.self) { try ProducedCluster(number: 1, size: size) }
    }

    @Test(arguments: [0, 256, -1]) func numbersThatNoClusterHasAreRefused(_ number: Int) {
        #expect(throws: (any Error).self) { try ProducedCluster(number: number, size: .cilium) }
    }
}
