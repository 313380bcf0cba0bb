public import MeshCore

/// What a cluster says of itself under `cilium/cluster-config/<cluster>` (Cilium's `CiliumClusterConfig`).
public struct ClusterConfig: Hashable, Sendable {
    /// How a cluster exports its endpoint slices.
    public static let knownEndpointSliceModes = ["", "services-and-endpointslices", "endpointslices-only"]

    /// The cluster's ID; 0: it has none.
    public var id: UInt32
    /// Whether it publishes canaries: a prefix must not be trusted before its canary appeared.
    public var syncedCanaries = false
    /// Whether its data are a copy under `cilium/cache/`.
    public var cached = false
    /// How many clusters its mesh can have: 255 or 511; 0: not said.
    public var maxConnectedClusters: UInt32 = 0
    /// Whether it exports services by the multi-cluster services API; `nil`: it does not know that API.
    public var serviceExportsEnabled: Bool?
    /// One of ``knownEndpointSliceModes``; empty: it exports services only.
    public var endpointSlicesExportMode = ""

    /// A config with no capability.
    public init(id: UInt32) {
        self.id = id
    }

    /// Reads the stored JSON. Fields may be missing or `null`; unknown ones are skipped.
    ///
    /// - Throws: ``RecordError`` that names the field.
    public init(decoding json: some Collection<UInt8>) throws(RecordError) {
        let form = try RecordJSON.decode(Form.self, json)
        self.init(id: form.id?.number ?? 0)
        guard let capabilities = form.capabilities else { return }
        syncedCanaries = capabilities.syncedCanaries ?? false
        cached = capabilities.cached ?? false
        maxConnectedClusters = capabilities.maxConnectedClusters?.number ?? 0
        serviceExportsEnabled = capabilities.serviceExportsEnabled
        endpointSlicesExportMode = capabilities.endpointSlicesExportMode ?? ""
    }

    /// The JSON as it may be found.
    private struct Form: Decodable {
        struct Capabilities: Decodable {
            var syncedCanaries: Bool?
            var cached: Bool?
            var maxConnectedClusters: Whole<UInt32>?
            var serviceExportsEnabled: Bool?
            var endpointSlicesExportMode: String?
        }

        var id: Whole<UInt32>?
        var capabilities: Capabilities?
    }

    /// The JSON that is stored: Cilium's fields in Cilium's order, without those that are zero.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            if id != 0 { writer.field("id", id) }
            writer.name("capabilities")
            writer.object { writer in
                if syncedCanaries { writer.field("syncedCanaries", true) }
                if cached { writer.field("cached", true) }
                if maxConnectedClusters != 0 { writer.field("maxConnectedClusters", maxConnectedClusters) }
                if let serviceExportsEnabled { writer.field("serviceExportsEnabled", serviceExportsEnabled) }
                if !endpointSlicesExportMode.isEmpty {
                    writer.field("endpointSlicesExportMode", endpointSlicesExportMode)
                }
            }
        }
        return writer.bytes
    }
}

extension ClusterConfig {
    /// The kinds of records that the cluster exports, and for which it writes canaries if it writes any.
    ///
    /// Nodes, identities and IPs always; services unless it exports endpoint slices only; service exports if it says that
    /// it has them.
    public var exportedKinds: [RecordKind] {
        RecordKind.allCases.filter { kind in
            switch kind {
            case .node, .identity, .ip: true
            case .service: endpointSlicesExportMode != "endpointslices-only"
            case .serviceExport: serviceExportsEnabled == true
            }
        }
    }

    /// Checks that a peer with this config can be a cluster of `id` in a mesh with this number space.
    ///
    /// - Throws: ``RecordError`` if the ID is another or out of range, if one side counts to 511 and the other does not
    ///   (their identities would be cut in different places), or if it exports in a way that is not known.
    public func validate(expecting id: ClusterID, in space: ClusterID.Space) throws(RecordError) {
        guard self.id == id.rawValue else {
            throw RecordError(
                .foreignCluster,
                "the cluster says that its ID is \(self.id), but it is configured as \(id); correct one of the two"
            )
        }
        // A cluster that does not say is from before the larger space existed.
        let theirs = maxConnectedClusters == 0 ? 255 : Int(maxConnectedClusters)
        guard theirs == space.rawValue else {
            throw RecordError(
                .unsupportedConfig,
                "the cluster is set up for \(theirs) clusters, this mesh for \(space.rawValue); both must be equal"
            )
        }
        guard Self.knownEndpointSliceModes.contains(endpointSlicesExportMode) else {
            throw RecordError(
                .unsupportedConfig,
                "the cluster exports endpoint slices in an unknown way, '\(endpointSlicesExportMode)'"
            )
        }
    }
}
