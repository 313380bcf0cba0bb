import MeshCore
import MeshRecords
import Testing

@Suite("RecordStorage")
struct RecordStorageTests {
    @Test func aRecordIsOneReferenceWideAndAnIPKeyThreeWords() {
        #expect(MemoryLayout<MeshRecord>.size == MemoryLayout<UnsafeRawPointer>.size)
        #expect(MemoryLayout<MeshRecord?>.stride == MemoryLayout<UnsafeRawPointer>.size)
        for size in [
            MemoryLayout<NodeRecord>.size, MemoryLayout<ServiceRecord>.size, MemoryLayout<IdentityRecord>.size,
            MemoryLayout<IPRecord>.size, MemoryLayout<ServiceExportRecord>.size,
        ] {
            #expect(size == MemoryLayout<UnsafeRawPointer>.size)
        }
        #expect(MemoryLayout<IPPrefix>.stride <= 24)
        #expect(MemoryLayout<IPKey>.size <= 24)
    }

    @Test func settingAFieldLeavesCopiesAsTheyAre() throws {
        var ip = try IPRecord(decoding: bytes(Golden.ip))
        let copy = ip
        ip.podName = "other"
        ip.encryptionKey = 7
        #expect(text(copy.encoded()) == Golden.ip)
        #expect(ip.podName == "other" && ip.encryptionKey == 7 && ip.namespace == "shop")
        #expect(ip != copy)

        var node = try NodeRecord(decoding: bytes(Golden.node))
        let former = node
        node.labels["a"] = "b"
        #expect(former.labels == ["kubernetes.io/hostname": "worker-1"])
        #expect(node.labels == ["kubernetes.io/hostname": "worker-1", "a": "b"])

        var identity = try IdentityRecord(id: 199_472, decoding: bytes(Golden.identity))
        let before = identity
        identity.id += 1
        identity.labels = ["k8s:a=b"].map { LabelSet(parsing: $0) }[0]
        #expect(before.id == 199_472 && before.labels.labels.count == 3)
        #expect(identity.id == 199_473 && identity.labels.labels.count == 1)
    }

    @Test func recordsWithEqualFieldsAreEqualThoughStoredApart() throws {
        let left = try MeshRecord.service(ServiceRecord(decoding: bytes(Golden.service)))
        let right = try MeshRecord.service(ServiceRecord(decoding: bytes(Golden.service)))
        #expect(left == right)
        #expect(Set([left, right]).count == 1)
        var export = try ServiceExportRecord(decoding: bytes(Golden.serviceExport))
        export.type = "Headless"
        #expect(export != (try ServiceExportRecord(decoding: bytes(Golden.serviceExport))))
    }
}
