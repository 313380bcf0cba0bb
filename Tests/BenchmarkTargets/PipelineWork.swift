import MeshClient
import MeshCore
import MeshMirror
import MeshRecords
import MeshViews
import MeshWire

/// What a mirror and the views over it do with a peer's listing, but for waiting: from the bytes of its pages to entries
/// of the merged views.
///
/// Answers are decoded, keys compared with what is known, values decoded and validated, records held by kind, and the
/// changes merged by all four views, each page for itself.
public final class PipelineWork {
    /// What is listed.
    public enum Sample: Sendable {
        /// IPs of pods, with namespace, name and service account.
        case ips
        /// Nodes with two addresses and pod CIDRs of both families.
        case nodes
    }

    /// What one run leaves behind, as a running agent keeps it.
    private struct Kept: ~Copyable {
        var keys: ListWatchStateMachine
        var cache: ClusterCache
        var views: (View<IPCache>, View<Nodes>, View<GlobalServices>, View<Identities>)
    }

    /// How many records there are.
    public let count: Int

    /// The bytes of their keys and values.
    public let payloadBytes: Int

    private let cluster: ClusterName
    private let decoder: RecordDecoder
    private let range: KeyRange
    private let pages: [[UInt8]]
    /// What the pages were made of. Kept, so that the memory that a run takes is not what making them left free.
    private let made: (records: [MeshRecord], pairs: [KeyValue])

    /// Makes the pages of a peer that holds so many records.
    ///
    /// - Throws: never but by a mistake in here.
    public init(_ sample: Sample, records count: Int) throws {
        let cluster = try ClusterName("athens")
        let id = try ClusterID(1)
        let records = try (0..<count).map { try Self.record(sample, $0, cluster, id) }
        let pairs = records.map { record in
            KeyValue(
                key: record.key.key(in: cluster), createRevision: 2, modRevision: 2, version: 1, value: record.encoded()
            )
        }.sorted { $0.compareKey(to: $1.keyBytes.span) < 0 }
        let header = ResponseHeader(clusterID: 7, memberID: 1, revision: 9, raftTerm: 1)
        let size = 256
        self.cluster = cluster
        self.count = count
        decoder = RecordDecoder(cluster: cluster, id: id)
        range = .prefix(records.first?.kind.prefix() ?? KeyLayout.state)
        made = (records, pairs)
        payloadBytes = pairs.reduce(0) { $0 + $1.keyRange.count + $1.valueRange.count }
        pages = stride(from: 0, to: count, by: size).map { start in
            let end = min(start + size, count)
            let answer = RangeAnswer(
                pairs: Array(pairs[start..<end]), more: end < count, count: Int64(count - start),
                revision: header.revision)
            return RangeCodec.encodeAnswer(header, answer)
        }
    }

    private static func record(
        _ sample: Sample, _ number: Int, _ cluster: ClusterName, _ id: ClusterID
    ) throws -> MeshRecord {
        switch sample {
        case .ips:
            var ip = IPRecord(
                ip: .address(IPAddress(v4: 0x0A00_0000 + UInt32(number))),
                hostIP: IPAddress(v4: 0xAC12_0000 + UInt32(number / 110)),
                identity: id.identities().lowerBound + UInt32(number % 500)
            )
            ip.namespace = "namespace-\(number % 40)"
            ip.podName = "deployment-\(number % 300)-6d4cf56db6-\(number)"
            ip.serviceAccount = "default"
            return .ip(ip)
        case .nodes:
            var node = NodeRecord(name: "worker-\(number)", cluster: cluster.rawValue, clusterID: id.rawValue)
            node.addresses = [
                NodeRecord.Address("InternalIP", IPAddress(v4: 0xAC12_0000 + UInt32(number))),
                NodeRecord.Address("CiliumInternalIP", IPAddress(v4: 0x0A00_0000 + UInt32(number) << 8)),
            ]
            node.ipv4AllocationCIDR = IPPrefix(IPAddress(v4: 0x0A00_0000 + UInt32(number) << 8), length: 24)
            node.ipv6AllocationCIDR = IPPrefix(IPAddress(v6: 0xFD00_0000_0000_0000 + UInt64(number), 0), length: 64)
            node.labels = [
                "kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux",
                "topology.kubernetes.io/zone": "zone-\(number % 3)",
            ]
            node.bootID = "3f6a7c1e-8a34-4f0e-9d3c-\(number)"
            return .node(node)
        }
    }

    /// Reads all pages; answers how many entries the views then show.
    public func run() throws -> Int {
        let kept = try read()
        return kept.views.0.snapshot().count + kept.views.1.snapshot().count
    }

    /// Reads all pages and measures, by `measure`, what that left behind.
    public func run(measuring measure: () -> Int) throws -> Int {
        let before = measure()
        let kept = try read()
        let bytes = measure() - before
        guard kept.cache.counts.total == count else { throw PipelineError(description: "records are missing") }
        return bytes
    }

    private func read() throws -> Kept {
        var machine = ListWatchStateMachine(range: range)
        var budget = FollowBudget()
        var cache = ClusterCache(cluster: cluster)
        let ips = View<IPCache>(local: cluster)
        let nodes = View<Nodes>(local: cluster)
        let services = View<GlobalServices>(local: cluster)
        let identities = View<Identities>(local: cluster)
        _ = machine.connected()
        for page in pages {
            let (header, answer) = try RangeCodec.decodeAnswer(page)
            guard let header else { throw PipelineError(description: "a page has no header") }
            let step = machine.rangeAnswered(header, answer, budget: &budget)
            if case .abort(let error) = step.next { throw error }
            let updates = (step.batch?.events ?? []).compactMap { event in
                cache.apply(ClusterCache.Change(event, decoder)).map(RecordUpdate.changed)
            }
            ips.apply(updates)
            nodes.apply(updates)
            services.apply(updates)
            identities.apply(updates)
        }
        return Kept(keys: machine, cache: cache, views: (ips, nodes, services, identities))
    }
}

/// A run that did not do what is measured.
public struct PipelineError: Error, CustomStringConvertible {
    public var description: String
}
