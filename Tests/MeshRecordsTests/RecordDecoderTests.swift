import MeshCore
import MeshRecords
import TestSupport
import Testing

@Suite("RecordDecoder")
struct RecordDecoderTests {
    static let nodeKey = "cilium/state/nodes/v1/eu-west/worker-1"
    static let serviceKey = "cilium/state/services/v1/eu-west/shop/cart"
    static let identityKey = "cilium/state/identities/v1/id/199472"
    static let ipKey = "cilium/state/ip/v1/default/10.12.3.45"

    private func decode(
        _ key: String,
        _ value: String,
        _ space: ClusterID.Space = .clusters255
    ) throws -> Result<MeshRecord, RecordError> {
        try euWest(space).decode(KeyValue(key: Key(key), modRevision: 5, value: bytes(value)))
    }

    private func expectFailure(
        _ reason: RecordError.Reason,
        _ message: String,
        _ result: Result<MeshRecord, RecordError>,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .failure(let error) = result else {
            Issue.record("decoded: \(result)", sourceLocation: sourceLocation)
            return
        }
        #expect(error.reason == reason, sourceLocation: sourceLocation)
        #expect(error.key != nil, sourceLocation: sourceLocation)
        #expect(error.message.contains(message), "\(error)", sourceLocation: sourceLocation)
    }

    static let exportKey = "cilium/state/serviceexports/v1/eu-west/shop/cart"

    @Test func goodRecordsOfEveryKindAreTaken() throws {
        for (key, value) in [
            (Self.nodeKey, Golden.node), (Self.serviceKey, Golden.service), (Self.identityKey, Golden.identity),
            (Self.ipKey, Golden.ip), (Self.exportKey, Golden.serviceExport),
        ] {
            let record = try decode(key, value).get()
            #expect(text(record.encoded()) == value)
            #expect(record.key.key(in: try ClusterName("eu-west")) == Key(key))
            #expect(try euWest().recordKey(of: Key(key)).get() == record.key)
        }
    }

    @Test(arguments: [(nodeKey, Golden.node), (serviceKey, Golden.service)])
    func aRecordInAnotherClustersNameIsRefused(key: String, value: String) throws {
        let foreignValue = value.replacing(#"luster":"eu-west""#, with: #"luster":"kos""#)
        expectFailure(.foreignCluster, "cluster 'kos' in the value, expected 'eu-west'", try decode(key, foreignValue))
        let foreignKey = key.replacing("eu-west", with: "kos")
        expectFailure(.foreignCluster, "cluster 'kos' in the key, expected 'eu-west'", try decode(foreignKey, value))
        let foreignID = value.replacing(#"lusterID":3"#, with: #"lusterID":4"#)
        expectFailure(.foreignCluster, "cluster ID 4 in the value, expected 3", try decode(key, foreignID))
        let noID = value.replacing(#"lusterID":3"#, with: #"lusterID":0"#)
        expectFailure(.foreignCluster, "cluster ID 0 in the value", try decode(key, noID))
    }

    @Test func anExportInAnotherClustersNameIsRefused() throws {
        let foreign = Golden.serviceExport.replacing("eu-west", with: "kos")
        expectFailure(.foreignCluster, "cluster 'kos' in the value", try decode(Self.exportKey, foreign))
        let foreignKey = Self.exportKey.replacing("eu-west", with: "kos")
        expectFailure(.foreignCluster, "cluster 'kos' in the key", try decode(foreignKey, Golden.serviceExport))
    }

    @Test(arguments: [
        (RecordKey.node("worker-1"), Golden.node), (.identity(199_472), Golden.identity),
        (.service(ServiceName(namespace: "shop", name: "cart")), Golden.service),
        (.serviceExport(ServiceName(namespace: "shop", name: "cart")), Golden.serviceExport),
    ])
    func aDecoderReadsItsOwnLayoutOnly(record: RecordKey, value: String) throws {
        let cluster = try ClusterName("eu-west")
        for layout in RecordLayout.allCases {
            let decoder = RecordDecoder(cluster: cluster, id: try ClusterID(3), layout: layout)
            for other in RecordLayout.allCases {
                let result = decoder.decode(key: record.key(in: cluster, layout: other), value: bytes(value))
                if other == layout {
                    #expect(try result.get().key == record)
                } else {
                    expectFailure(.unknownKey, "the key does not lie under 'cilium/", result)
                }
            }
            // A copy of another cluster's record lies beside; it is not this cluster's.
            let foreign = record.key(in: try ClusterName("kos"), layout: .cached)
            if layout == .cached {
                expectFailure(
                    .foreignCluster, "cluster 'kos' in the key", decoder.decode(key: foreign, value: bytes(value)))
            }
        }
    }

    @Test(arguments: [
        (nodeKey + "0", Golden.node), (serviceKey + "0", Golden.service),
        (serviceKey.replacing("shop", with: "shops"), Golden.service), (ipKey.replacing(".45", with: ".46"), Golden.ip),
        (exportKey + "s", Golden.serviceExport),
        (ipKey + "/32", Golden.ip),
    ])
    func aRecordUnderAnotherRecordsKeyIsRefused(key: String, value: String) throws {
        expectFailure(.keyMismatch, "the value is of", try decode(key, value))
    }

    @Test(arguments: [
        (nodeKey, Golden.node.replacing(#""Name":"worker-1""#, with: #""Name":"""#)),
        (serviceKey, Golden.service.replacing(#""name":"cart""#, with: #""name":"""#)),
    ])
    func aRecordWithoutNameIsRefused(key: String, value: String) throws {
        expectFailure(.keyMismatch, "the value is of", try decode(key, value))
    }

    @Test func aServiceWithAZoneInAnAddressIsRefused() throws {
        let value = Golden.service.replacing("10.12.4.8", with: "fe80::1%eth0")
        expectFailure(.malformedValue, "an IPv6 zone is not supported", try decode(Self.serviceKey, value))
    }

    @Test func identitiesMustLieInTheClustersRange() throws {
        func key(_ number: Int) -> String { "cilium/state/identities/v1/id/\(number)" }
        for number in [196_608, 262_143] {
            #expect(throws: Never.self) { try decode(key(number), Golden.identity).get() }
        }
        for number in [0, 1, 255, 256, 196_607, 262_144] {
            expectFailure(.foreignIdentity, "owns 196608…262143", try decode(key(number), Golden.identity))
        }
        // With 511 clusters the same ID owns another range.
        #expect(throws: Never.self) { try decode(key(98_304), Golden.identity, .clusters511).get() }
        expectFailure(.foreignIdentity, "owns 98304…131071", try decode(key(196_608), Golden.identity, .clusters511))
    }

    @Test(arguments: [
        "k8s:app=cart;", "k8s:io.cilium.k8s.policy.cluster=kos;", "any:io.cilium.k8s.policy.cluster=eu-west;",
        "io.cilium.k8s.policy.cluster=eu-west;", "k8s:io.cilium.k8s.policy.cluster=eu-west2;",
        "k8s:io.cilium.k8s.policy.cluster=eu-west;other:io.cilium.k8s.policy.cluster=eu-west;",
    ])
    func anIdentityMustHaveTheClustersLabel(labels: String) throws {
        expectFailure(
            .foreignIdentity,
            "the label k8s:io.cilium.k8s.policy.cluster=eu-west is missing",
            try decode(Self.identityKey, labels)
        )
    }

    @Test func anIPsIdentityIsTheClustersOrReserved() throws {
        for number in [0, 1, 255, 196_608, 262_143] {
            let value = Golden.ip.replacing("199472", with: "\(number)")
            #expect(throws: Never.self) { try decode(Self.ipKey, value).get() }
        }
        for number in [256, 65_536, 196_607, 262_144, 16_777_217] {
            let value = Golden.ip.replacing("199472", with: "\(number)")
            expectFailure(.foreignIdentity, "identity \(number) is not one of", try decode(Self.ipKey, value))
        }
    }

    @Test func aValueOverTheLimitIsNotRead() throws {
        let key = Key(Self.identityKey)
        let limit = Golden.identity.utf8.count
        #expect(throws: Never.self) {
            try euWest(maximumValueBytes: limit).decode(key: key, value: bytes(Golden.identity)).get()
        }
        expectFailure(
            .tooLarge,
            "at most \(limit - 1) are read",
            try euWest(maximumValueBytes: limit - 1).decode(key: key, value: bytes(Golden.identity))
        )
        #expect(RecordDecoder.defaultMaximumValueBytes == 1_572_864)
    }

    @Test func keysThatAreNoRecordsAreRefusedAsUnknown() throws {
        for key in ["cilium/.heartbeat", "cilium/cluster-config/eu-west", "cilium/state/other/v1/x"] {
            expectFailure(.unknownKey, "", try decode(key, "x"))
        }
    }

    @Test func aDeletionAsksForNothingButTheKey() throws {
        let decoder = try euWest()
        #expect(try decoder.recordKey(of: Key(Self.identityKey)).get() == .identity(199_472))
        #expect(try decoder.recordKey(of: Key(Self.ipKey)).get() == .ip(.address(try IPAddress("10.12.3.45"))))
        #expect(throws: RecordError.self) { try decoder.recordKey(of: "cilium/state/identities/v1/id/1").get() }
        #expect(throws: RecordError.self) { try decoder.recordKey(of: "cilium/state/nodes/v1/kos/n1").get() }
    }

    @Test func anErrorNamesItsKey() throws {
        let result = try decode(Self.nodeKey, "{")
        #expect(throws: RecordError.self) { try result.get() }
        if case .failure(let error) = result {
            #expect(error.description.hasPrefix("cilium/state/nodes/v1/eu-west/worker-1: "))
        }
    }

    @Test func deepNestingIsAnErrorAndNotACrash() throws {
        let deep = #"{"future":"# + String(repeating: "[", count: 300_000)
        expectFailure(.malformedValue, "", try decode(Self.nodeKey, deep))
        expectFailure(
            .malformedValue, "", try decode(Self.serviceKey, deep + String(repeating: "]", count: 300_000) + "}"))
    }

    @Test func everyCutOfARecordIsAnError() throws {
        for (key, value) in [
            (Self.nodeKey, Golden.node), (Self.serviceKey, Golden.service), (Self.ipKey, Golden.ip),
            (Self.exportKey, Golden.serviceExport),
        ] {
            for count in stride(from: 0, to: value.utf8.count, by: 7) {
                expectFailure(.malformedValue, "", try decode(key, String(value.prefix(count))))
            }
        }
    }

    @Test func randomBytesNeverBreakTheDecoder() async throws {
        let decoder = try euWest()
        let values = [Golden.node, Golden.service, Golden.identity, Golden.ip, Golden.serviceExport].map {
            Array($0.utf8)
        }
        let keys = [Self.nodeKey, Self.serviceKey, Self.identityKey, Self.ipKey, Self.exportKey]
        try await withRandomNumbers { random in
            var taken = 0
            for round in 0..<4_000 {
                var value = values[round % 5]
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    value[Int.random(in: value.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                if case .success(let record) = decoder.decode(key: Key(keys[round % 5]), value: value[...]) {
                    taken += 1
                    // What was taken is written and taken again, unchanged.
                    let again = try decoder.decode(key: Key(keys[round % 5]), value: record.encoded()[...]).get()
                    #expect(again == record)
                }
            }
            #expect(taken > 500)
        }
    }
}
