public import MeshCore

/// Turns the pairs of one cluster's store into records, and refuses what is not that cluster's to say.
///
/// A cluster can only speak of itself: the names and IDs in key and value must be its own, and identities must lie in
/// its range. A refused pair is an error value; it disturbs nothing else.
///
/// | Record | Must hold |
/// | --- | --- |
/// | node, service | `cluster` and cluster ID are the configured ones; the name is the key's |
/// | service | every frontend and backend is an IP without zone |
/// | service export | `cluster` is the configured one (there is no ID in it); the name is the key's |
/// | identity | the number is in the cluster's range; the label `k8s:io.cilium.k8s.policy.cluster` names the cluster |
/// | IP | address or CIDR is the key's; the identity is in the cluster's range or reserved (below 256) |
///
/// It reads one ``RecordLayout``: in the other one's keys it finds no record. Where a store holds copies of several
/// clusters' records, each cluster has its own decoder.
///
/// Deletions bring no value: ``recordKey(of:)`` says which record a key names, and asks for nothing that a record
/// already taken could fail.
public struct RecordDecoder: Sendable {
    /// The largest value that is read, in bytes, if nothing else is said: etcd's own limit for a request.
    public static let defaultMaximumValueBytes = 1_572_864

    /// Identities below this number are reserved: they mean the same in every cluster.
    public static let firstUnreservedIdentity: UInt32 = 256

    /// The cluster whose records are read.
    public let cluster: ClusterName
    /// Its ID.
    public let id: ClusterID
    /// The number space of the mesh.
    public let space: ClusterID.Space
    /// Where the records lie.
    public let layout: RecordLayout
    /// The largest value that is read, in bytes.
    public let maximumValueBytes: Int
    /// What the keys of the cluster's records begin with, by kind.
    private let prefixes: [(kind: RecordKind, bytes: [UInt8])]
    private let texts = TextPool()

    /// Makes a decoder for the records of one cluster.
    public init(
        cluster: ClusterName,
        id: ClusterID,
        space: ClusterID.Space = .clusters255,
        layout: RecordLayout = .own,
        maximumValueBytes: Int = Self.defaultMaximumValueBytes
    ) {
        self.cluster = cluster
        self.id = id
        self.space = space
        self.layout = layout
        self.maximumValueBytes = maximumValueBytes
        // Most records are IPs.
        prefixes = [RecordKind.ip, .identity, .node, .service, .serviceExport].map {
            ($0, $0.prefix(of: cluster, in: layout).bytes)
        }
    }

    /// Reads and checks a pair.
    public func decode(_ pair: KeyValue) -> Result<MeshRecord, RecordError> {
        decode(pair.keyBytes, pair.value)
    }

    /// Reads and checks a key and its value.
    public func decode(key: Key, value: ArraySlice<UInt8>) -> Result<MeshRecord, RecordError> {
        decode(key.bytes[...], value)
    }

    private func decode(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Result<MeshRecord, RecordError> {
        do throws(RecordError) {
            return .success(try record(try recordKey(key), value))
        } catch {
            return .failure(error.at(Key(key)))
        }
    }

    /// Which record of this cluster a key names, for example when it was deleted.
    ///
    /// Fails for keys of no record, of another cluster, and of identities outside the cluster's range.
    public func recordKey(of key: Key) -> Result<RecordKey, RecordError> {
        do throws(RecordError) {
            return .success(try recordKey(key.bytes[...]))
        } catch {
            return .failure(error.at(key))
        }
    }

    private func recordKey(_ key: ArraySlice<UInt8>) throws(RecordError) -> RecordKey {
        let bytes = key.span
        for prefix in prefixes where prefix.bytes.count <= bytes.count {
            let count = prefix.bytes.count
            guard Bytes.compare(bytes.extracting(..<count), prefix.bytes.span) == 0 else { continue }
            let recordKey = try RecordKey(prefix.kind, parsing: bytes.extracting(count...))
            if case .identity(let number) = recordKey, !range.contains(number) { throw outOfRange(number) }
            return recordKey
        }
        throw strangeness(of: Key(key))
    }

    /// Why a key that begins with none of the cluster's prefixes is not one of its records'.
    private func strangeness(of key: Key) -> RecordError {
        do throws(RecordError) {
            guard case .record(_, let owner, let layout) = try StateKey(parsing: key) else {
                return RecordError(.unknownKey, "the key is not one of a record")
            }
            guard layout == self.layout, let owner else {
                return RecordError(.unknownKey, "the key does not lie under '\(self.layout.root)'")
            }
            return RecordError(.foreignCluster, "cluster '\(owner)' in the key, expected '\(cluster)'")
        } catch {
            return error
        }
    }

    /// Reads and checks the cluster's config.
    public func decodeClusterConfig(_ pair: KeyValue) -> Result<ClusterConfig, RecordError> {
        Result { () throws(RecordError) in
            let key = pair.key
            guard key == KeyLayout.clusterConfig(of: cluster) else {
                throw RecordError(.unknownKey, key: key, "the key is not that of the config of cluster '\(cluster)'")
            }
            do throws(RecordError) {
                try checkSize(pair.value)
                let config = try ClusterConfig(decoding: pair.value)
                try config.validate(expecting: id, in: space)
                return config
            } catch {
                throw error.at(key)
            }
        }
    }

    private var range: ClosedRange<UInt32> { id.identities(in: space) }

    private func record(_ key: RecordKey, _ value: ArraySlice<UInt8>) throws(RecordError) -> MeshRecord {
        try checkSize(value)
        let record: MeshRecord
        switch key {
        case .node:
            let node = try NodeRecord(decoding: value)
            try check(cluster: node.cluster, id: node.clusterID)
            record = .node(node.sharingTexts(with: texts))
        case .service:
            let service = try ServiceRecord(decoding: value)
            try check(cluster: service.cluster, id: service.clusterID)
            record = .service(service)
        case .identity(let number):
            record = .identity(try identity(number, value))
        case .ip:
            let ip = try IPRecord(decoding: value)
            guard ip.identity < Self.firstUnreservedIdentity || range.contains(ip.identity) else {
                throw outOfRange(ip.identity)
            }
            record = .ip(ip)
        case .serviceExport:
            let export = try ServiceExportRecord(decoding: value)
            try check(cluster: export.cluster)
            record = .serviceExport(export)
        }
        guard record.key == key else {
            throw RecordError(.keyMismatch, "the value is of \(record.key), the key of \(key)")
        }
        return record
    }

    private func identity(_ number: UInt32, _ value: ArraySlice<UInt8>) throws(RecordError) -> IdentityRecord {
        let identity = try IdentityRecord(id: number, decoding: value)
        let label = identity.labels[IdentityRecord.clusterLabel]
        guard let label, label.source == "k8s", label.value == cluster.rawValue else {
            throw RecordError(
                .foreignIdentity,
                "the label k8s:\(IdentityRecord.clusterLabel)=\(cluster) is missing"
                    + (label.map { "; there is \($0)" } ?? "")
            )
        }
        return identity
    }

    private func check(cluster name: String) throws(RecordError) {
        guard name == cluster.rawValue else {
            throw RecordError(.foreignCluster, "cluster '\(name.prefix(60))' in the value, expected '\(cluster)'")
        }
    }

    private func check(cluster name: String, id number: UInt32) throws(RecordError) {
        try check(cluster: name)
        guard number == id.rawValue else {
            throw RecordError(.foreignCluster, "cluster ID \(number) in the value, expected \(id)")
        }
    }

    private func checkSize(_ value: ArraySlice<UInt8>) throws(RecordError) {
        guard value.count <= maximumValueBytes else {
            throw RecordError(.tooLarge, "the value has \(value.count) bytes; at most \(maximumValueBytes) are read")
        }
    }

    private func outOfRange(_ number: UInt32) -> RecordError {
        RecordError(
            .foreignIdentity,
            "identity \(number) is not one of cluster '\(cluster)', whose ID \(id) owns "
                + "\(range.lowerBound)…\(range.upperBound)"
        )
    }
}
