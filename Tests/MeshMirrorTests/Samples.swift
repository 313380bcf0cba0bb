import MeshCore
import MeshRecords

/// Records of a cluster, as tests need them.
struct Sample {
    var cluster: ClusterName
    var id: ClusterID

    init(_ cluster: String = "athens", _ id: Int = 1) throws {
        self.cluster = try ClusterName(cluster)
        self.id = try ClusterID(id)
    }

    var decoder: RecordDecoder { RecordDecoder(cluster: cluster, id: id) }

    var config: ClusterConfig {
        var config = ClusterConfig(id: id.rawValue)
        config.maxConnectedClusters = 255
        return config
    }

    func node(_ name: String, bootID: String = "") -> MeshRecord {
        var node = NodeRecord(name: name, cluster: cluster.rawValue, clusterID: id.rawValue)
        node.bootID = bootID
        return .node(node)
    }

    func identity(_ offset: UInt32, app: String = "cart") -> MeshRecord {
        .identity(
            IdentityRecord(
                id: id.identities().lowerBound + offset,
                labels: [
                    Label(key: "app", value: app),
                    Label(key: IdentityRecord.clusterLabel, value: cluster.rawValue),
                ]
            )
        )
    }

    func ip(_ text: String, identity offset: UInt32 = 5) throws -> MeshRecord {
        let address = try IPAddress(text)
        return .ip(
            IPRecord(ip: .address(address), hostIP: nil, identity: id.identities().lowerBound + offset)
        )
    }

    func service(_ name: String) -> MeshRecord {
        .service(
            ServiceRecord(
                cluster: cluster.rawValue,
                name: ServiceName(namespace: "shop", name: name),
                clusterID: id.rawValue,
                backends: [],
                shared: true
            )
        )
    }

    func export(_ name: String) -> MeshRecord {
        .serviceExport(
            ServiceExportRecord(cluster: cluster.rawValue, name: ServiceName(namespace: "shop", name: name)))
    }

    /// A record of every kind.
    func everything() throws -> [MeshRecord] {
        [node("n1"), service("cart"), identity(5), try ip("10.0.0.1"), export("cart")]
    }

    /// The pair that publishes a record.
    func pair(_ record: MeshRecord, _ revision: Revision) -> KeyValue {
        KeyValue(
            key: record.key.key(in: cluster),
            createRevision: revision,
            modRevision: revision,
            version: 1,
            value: record.encoded()
        )
    }

    func put(_ record: MeshRecord, _ revision: Revision) -> WatchEvent {
        WatchEvent(kind: .put, pair: pair(record, revision))
    }

    func put(_ key: Key, _ value: String, _ revision: Revision) -> WatchEvent {
        WatchEvent(kind: .put, pair: KeyValue(key: key, modRevision: revision, value: value.utf8))
    }

    func delete(_ key: Key, _ revision: Revision) -> WatchEvent {
        WatchEvent(kind: .delete, pair: .tombstone(key: key, modRevision: revision))
    }
}
