internal import MeshCore
internal import MeshRecords
internal import MeshViews

/// 2,000 records of each kind, of one cluster.
struct SampleRecords {
    static let count = 2_000

    let cluster: ClusterName
    let addresses: [IPAddress]
    let ips: [IPRecord]
    let services: [ServiceRecord]
    let nodes: [NodeRecord]
    let identities: [IdentityRecord]

    init() throws {
        let cluster = try ClusterName("athens")
        let addresses = (0..<Self.count).map { IPAddress(v4: 0x0A00_0000 + UInt32($0)) }
        self.cluster = cluster
        self.addresses = addresses
        ips = addresses.map { IPRecord(ip: .address($0), hostIP: addresses[0], identity: 65_600) }
        services = (0..<Self.count).map { number in
            ServiceRecord(
                cluster: "\(cluster)",
                name: ServiceName(namespace: "default", name: "service-\(number)"),
                clusterID: 1,
                frontends: [ServiceEndpoint(addresses[number], ports: [ServicePort(name: "http", number: 80)])],
                backends: addresses[0..<3].map {
                    ServiceEndpoint($0, ports: [ServicePort(name: "http", number: 8_080)])
                }
            )
        }
        nodes = (0..<Self.count).map { number in
            var node = NodeRecord(name: "node-\(number)", cluster: "\(cluster)", clusterID: 1)
            node.addresses = [NodeRecord.Address("InternalIP", addresses[number])]
            return node
        }
        identities = (0..<Self.count).map { number in
            IdentityRecord(
                id: 65_600 + UInt32(number),
                labels: [
                    Label(key: "app", value: "service-\(number)"),
                    Label(key: "io.kubernetes.pod.namespace", value: "default"),
                    Label(key: "io.cilium.k8s.policy.cluster", value: "\(cluster)"),
                ]
            )
        }
    }

    /// The work of decoding and checking pairs with these keys and values.
    func decoding(_ records: [(key: RecordKey, value: [UInt8])]) throws -> () throws -> Void {
        let decoder = RecordDecoder(cluster: cluster, id: try ClusterID(1), space: .clusters255)
        let pairs = records.map { record in
            KeyValue(key: record.key.key(in: cluster), modRevision: 2, version: 1, value: record.value)
        }
        return { for pair in pairs { _ = try decoder.decode(pair).get() } }
    }

    /// A mirror's news of a record.
    func update(_ key: RecordKey, _ record: MeshRecord) -> RecordUpdate {
        .changed(RecordChange(cluster: cluster, key: key, new: record))
    }

    /// Hands a view its news in parts, as a mirror does.
    func apply<Engine>(_ updates: [RecordUpdate], to view: View<Engine>) {
        for start in stride(from: 0, to: updates.count, by: 250) { view.apply(Array(updates[start..<start + 250])) }
    }
}
