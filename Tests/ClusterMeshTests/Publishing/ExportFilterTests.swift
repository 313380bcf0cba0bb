import Testing

@testable import ClusterMesh

@Suite struct ExportFilterTests {
    private func ip(_ namespace: String) throws -> MeshRecord {
        var record = IPRecord(ip: .address(try IPAddress("10.1.0.7")), hostIP: nil, identity: 65_700)
        record.namespace = namespace
        return .ip(record)
    }

    private func identity(_ labels: Label...) -> MeshRecord {
        .identity(
            IdentityRecord(
                id: 65_700, labels: LabelSet(labels + [Label(key: IdentityRecord.clusterLabel, value: "athens")])))
    }

    private let node = MeshRecord.node(NodeRecord(name: "plaka", cluster: "athens", clusterID: 1))
    private let shopService = MeshRecord.service(
        ServiceRecord(cluster: "athens", name: ServiceName(namespace: "shop", name: "cart"), clusterID: 1))
    private let shopExport = MeshRecord.serviceExport(
        ServiceExportRecord(cluster: "athens", name: ServiceName(namespace: "shop", name: "cart")))

    @Test func withoutAFilterEverythingIsExported() throws {
        for record in [node, shopService, shopExport, try ip("shop"), identity()] {
            #expect(ExportFilter.all.exports(record))
        }
    }

    @Test func whatBelongsToAnUnexportedNamespaceIsKeptBack() throws {
        var namespaces = NamespaceExport()
        namespaces["shop"] = false
        let filter = ExportFilter.namespaces(namespaces)
        #expect(!filter.exports(shopService))
        #expect(!filter.exports(shopExport))
        #expect(!filter.exports(try ip("shop")))
        #expect(!filter.exports(identity(Label(key: "io.kubernetes.pod.namespace", value: "shop"))))
        #expect(filter.exports(try ip("till")))
        #expect(filter.exports(identity(Label(key: "io.kubernetes.pod.namespace", value: "till"))))
    }

    @Test func whatBelongsToNoNamespaceIsExportedEvenIfNoneIsByDefault() throws {
        let filter = ExportFilter.namespaces(NamespaceExport(isExportedByDefault: false))
        #expect(filter.exports(node))
        #expect(filter.exports(try ip("")))
        #expect(filter.exports(identity(Label(key: "app", value: "cart"))))
        // Only Kubernetes says in which namespace a pod is.
        #expect(filter.exports(identity(Label(source: "any", key: "io.kubernetes.pod.namespace", value: "shop"))))
        #expect(!filter.exports(shopService))
    }

    @Test func anExportedNamespaceIsAnExceptionFromTheDefault() {
        var namespaces = NamespaceExport(isExportedByDefault: false)
        namespaces["shop"] = true
        #expect(ExportFilter.namespaces(namespaces).exports(shopService))
        namespaces["shop"] = nil
        #expect(!ExportFilter.namespaces(namespaces).exports(shopService))
    }

    @Test(arguments: [("true", true), ("True", true), ("false", false), ("yes", false), ("", false)])
    func theAnnotationSaysWhetherANamespaceIsGlobal(_ value: String, _ isExported: Bool) {
        var namespaces = NamespaceExport(isExportedByDefault: !isExported)
        namespaces.note("shop", annotations: ["clustermesh.cilium.io/global": value, "other": "true"])
        #expect(namespaces.exports("shop") == isExported)
    }

    @Test func aNamespaceWithoutTheAnnotationGoesBackToTheDefault() {
        var namespaces = NamespaceExport()
        namespaces.note("shop", annotations: [NamespaceExport.annotation: "false"])
        namespaces.note("shop", annotations: ["other": "false"])
        #expect(namespaces["shop"] == nil)
        #expect(namespaces.exports("shop"))
    }

    @Test func aPredicateDecidesForEveryKind() throws {
        let filter = ExportFilter.records { $0.kind != .node }
        #expect(!filter.exports(node))
        #expect(filter.exports(shopService))
        #expect(filter.exports(try ip("shop")))
    }
}
