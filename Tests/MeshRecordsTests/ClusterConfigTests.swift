import MeshCore
import MeshRecords
import Testing

@Suite("ClusterConfig")
struct ClusterConfigTests {
    private func decode(_ json: String, _ space: ClusterID.Space = .clusters255) throws -> ClusterConfig {
        let key = KeyLayout.clusterConfig(of: try ClusterName("eu-west"))
        return try euWest(space).decodeClusterConfig(KeyValue(key: key, modRevision: 2, value: bytes(json))).get()
    }

    @Test func aConfigOfTheExpectedClusterIsTaken() throws {
        #expect(try decode(Golden.clusterConfig).id == 3)
        #expect(try decode(#"{"id":3}"#).maxConnectedClusters == 0)
        #expect(try decode(#"{"id":3,"capabilities":{"maxConnectedClusters":511}}"#, .clusters511).id == 3)
    }

    @Test(arguments: [
        (#"{"id":4}"#, RecordError.Reason.foreignCluster, "its ID is 4, but it is configured as 3"),
        (#"{}"#, .foreignCluster, "its ID is 0"),
        (#"{"id":3,"capabilities":{"maxConnectedClusters":511}}"#, .unsupportedConfig, "set up for 511 clusters"),
        (#"{"id":3,"capabilities":{"endpointSlicesExportMode":"other"}}"#, .unsupportedConfig, "'other'"),
        (#"{"id":"3"}"#, .malformedValue, "field 'id': expected a whole number"),
    ])
    func otherConfigsAreRefused(json: String, reason: RecordError.Reason, why: String) {
        let error = #expect(throws: RecordError.self) { try decode(json) }
        #expect(error?.reason == reason)
        #expect(error?.description.contains("cilium/cluster-config/eu-west: ") == true)
        #expect(error?.message.contains(why) == true)
    }

    @Test func aSmallMeshIsRefusedByALargeOne() {
        #expect(throws: RecordError.self) { try decode(#"{"id":3}"#, .clusters511) }
    }

    @Test func anotherClustersConfigIsRefused() throws {
        let pair = KeyValue(key: "cilium/cluster-config/kos", modRevision: 2, value: bytes(Golden.clusterConfig))
        #expect(throws: RecordError.self) { try euWest().decodeClusterConfig(pair).get() }
    }

    @Test func aClusterExportsWhatItsCapabilitiesSay() {
        var config = ClusterConfig(id: 3)
        #expect(config.exportedKinds == [.node, .service, .identity, .ip])
        config.serviceExportsEnabled = false
        config.endpointSlicesExportMode = "services-and-endpointslices"
        #expect(config.exportedKinds == [.node, .service, .identity, .ip])
        config.serviceExportsEnabled = true
        #expect(config.exportedKinds == [.node, .service, .identity, .ip, .serviceExport])
        config.endpointSlicesExportMode = "endpointslices-only"
        #expect(config.exportedKinds == [.node, .identity, .ip, .serviceExport])
    }
}
