import MeshCore
import MeshRecords
import TestSupport

/// Random writes of one cluster's records: good ones, broken ones, ones in another cluster's name, and keys that are
/// none of a record, over so few keys that each is written many times.
struct RandomRecords {
    let cluster: ClusterName
    let id: ClusterID
    private let foreign: ClusterName
    private let foreignID: ClusterID

    init(_ cluster: ClusterName, _ id: ClusterID) throws {
        self.cluster = cluster
        self.id = id
        foreign = try ClusterName("stranger")
        foreignID = try ClusterID(200)
    }

    /// What a cluster of this name publishes first.
    var config: PutRequest {
        var config = ClusterConfig(id: id.rawValue)
        // All kinds are written, and only what is said to be exported is followed.
        config.serviceExportsEnabled = true
        return PutRequest(KeyLayout.clusterConfig(of: cluster), config.encoded())
    }

    /// A put, a delete or a transaction of both.
    func write(_ numbers: inout SplitMix64) -> TransactionRequest {
        var operations: [TransactionRequest.Operation] = []
        var keys: Set<Key> = []
        let count = Int.random(in: 0..<4, using: &numbers) == 0 ? Int.random(in: 2...6, using: &numbers) : 1
        while operations.count < count {
            let put = put(&numbers)
            // etcd refuses a key that is changed twice.
            guard keys.insert(put.key).inserted else { continue }
            let isDelete = Int.random(in: 0..<4, using: &numbers) == 0
            operations.append(isDelete ? .delete(DeleteRequest(.key(put.key))) : .put(put))
        }
        return TransactionRequest(success: operations)
    }

    private func put(_ numbers: inout SplitMix64) -> PutRequest {
        let isForeign = Int.random(in: 0..<12, using: &numbers) == 0
        let owner = isForeign ? foreign : cluster
        let record = record(of: owner, isForeign ? foreignID : id, &numbers)
        // A stranger's record may lie under the cluster's own key.
        let key = record.key.key(in: isForeign && numbers.next() & 1 == 0 ? cluster : owner)
        switch Int.random(in: 0..<20, using: &numbers) {
        case 0: return PutRequest(key, [])
        case 1: return PutRequest(key, Array(record.encoded().dropLast(3)))
        case 2: return PutRequest(Key("cilium/state/other/\(numbers.next() % 20)"), [1, 2, 3])
        case 3: return PutRequest(Key("cilium/.heartbeat"), Array("\(numbers.next())".utf8))
        default: return PutRequest(key, record.encoded())
        }
    }

    private func record(of cluster: ClusterName, _ id: ClusterID, _ numbers: inout SplitMix64) -> MeshRecord {
        let number = Int.random(in: 0..<60, using: &numbers)
        let variant = numbers.next() % 8
        switch RecordKind.allCases.randomElement(using: &numbers) ?? .node {
        case .node:
            var node = NodeRecord(name: "n\(number)", cluster: cluster.rawValue, clusterID: id.rawValue)
            node.bootID = "\(variant)"
            return .node(node)
        case .service:
            return .service(
                ServiceRecord(
                    cluster: cluster.rawValue,
                    name: ServiceName(namespace: "shop", name: "s\(number)"),
                    clusterID: id.rawValue,
                    backends: [
                        ServiceEndpoint(
                            IPAddress(v4: 0x0A00_0000 + UInt32(variant)),
                            ports: [ServicePort(name: "http", number: 80)]
                        )
                    ],
                    shared: variant.isMultiple(of: 2)
                )
            )
        case .identity:
            return .identity(
                IdentityRecord(
                    id: id.identities().lowerBound + UInt32(number),
                    labels: [
                        Label(key: "app", value: "a\(variant)"),
                        Label(key: IdentityRecord.clusterLabel, value: cluster.rawValue),
                    ]
                )
            )
        case .ip:
            let identity = id.identities().lowerBound + UInt32(variant)
            return .ip(
                IPRecord(ip: .address(IPAddress(v4: 0x0A00_0100 + UInt32(number))), hostIP: nil, identity: identity)
            )
        case .serviceExport:
            var export = ServiceExportRecord(
                cluster: cluster.rawValue,
                name: ServiceName(namespace: "shop", name: "e\(number)")
            )
            export.sessionAffinity = "\(variant)"
            return .serviceExport(export)
        }
    }
}
