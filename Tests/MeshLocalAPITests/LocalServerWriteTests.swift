import MeshCore
import MeshStore
import MeshWatcher
import MeshWire
import TestSupport
import Testing

@testable import MeshLocalAPI

@Suite(.timeLimit(.minutes(2))) struct LocalServerWriteTests {
    private static let changing: [String] = [
        EtcdMethods.put, EtcdMethods.deleteRange, EtcdMethods.transaction, EtcdMethods.compact, EtcdMethods.leaseGrant,
        EtcdMethods.leaseRevoke,
    ]

    @Test func aWriterWritesAndReadsWhatItWrote() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                let (header, first) = try await client.put("cilium/state/nodes/v1/athens/n", "1")
                #expect(header?.clusterID == fixture.store.identity.clusterID)
                #expect(header?.memberID == fixture.store.identity.memberID)
                #expect(header?.raftTerm == 1)
                #expect(header?.revision == 2)
                #expect(first.previous == nil)
                let (_, second) = try await client.put("cilium/state/nodes/v1/athens/n", "2")
                #expect(second.previous?.value.elementsEqual("1".utf8) == true)
                #expect(try await client.range(.prefix("cilium/")).pairs.map(\.version) == [2])
                let (_, deleted) = try await client.delete(.prefix("cilium/state/"))
                #expect(deleted.deleted == 1)
                #expect(deleted.revision == 4)
                #expect(fixture.store.revision == 4)
            }
        }
    }

    @Test func aTransactionIsDoneAsAWhole() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                let request = TransactionRequest(
                    compares: [Compare(.key("lock"), .equal, .createRevision(.none))],
                    success: [.put(PutRequest("lock", [1])), .put(PutRequest("owner", [2]))],
                    failure: [.range(RangeRequest(.key("lock")))]
                )
                func perform() async throws -> TransactionAnswer {
                    let bytes = try await client.call(
                        EtcdMethods.transaction, TransactionCodec.encodeRequest(request)
                    )
                    return try TransactionCodec.decodeTransactionAnswer(bytes).answer
                }
                let first = try await perform()
                #expect(first.succeeded)
                #expect(first.revision == 2)
                let second = try await perform()
                #expect(!second.succeeded)
                guard case .range(let seen) = second.answers.first else {
                    throw Unexpected(description: "\(second)")
                }
                #expect(seen.pairs.map(\.createRevision) == [2])
                #expect(fixture.store.revision == 2)
            }
        }
    }

    @Test func compactionForgetsAndAnswersWithEtcdsErrors() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                for value in ["1", "2", "3"] { _ = try await client.put("a", value) }
                let bytes = try await client.call(
                    EtcdMethods.compact, TransactionCodec.encodeRequest(CompactionRequest(3, physical: true))
                )
                #expect(try TransactionCodec.decodeCompactionAnswer(bytes)?.revision == 4)
                #expect(fixture.store.compactedRevision == 3)
                for (revision, error) in [(Revision(3), EtcdError.compacted), (9, .futureRevision)] {
                    let refusal = try await client.refusal(
                        EtcdMethods.compact, TransactionCodec.encodeRequest(CompactionRequest(revision))
                    )
                    #expect(refusal == error)
                }
            }
        }
    }

    @Test(arguments: ["remote", "remote-hurup", "remote-athens", "local-athens", "admin-hurup", "stranger"])
    func whoIsNoWriterChangesNothingWhateverItSends(name: String) async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient(name) { client in
                let put = TransactionCodec.encodeRequest(PutRequest("a", [1]))
                for path in Self.changing {
                    for body: [UInt8] in [[], [0xFF, 0xFF], put, Array(repeating: 0x0A, count: 4_000)] {
                        let error = try await client.refusal(path, body)
                        #expect(error.code == .permissionDenied, "\(path)")
                        #expect(error.message.contains("may not write in cluster athens"), "\(path)")
                    }
                }
                let stream = try client.open(EtcdMethods.leaseKeepAlive)
                #expect(try await stream.failure().code == .permissionDenied)
                #expect(fixture.store.revision == 1)
            }
        }
    }

    @Test func anotherClustersKeysAreWrittenOnlyWhereThatIsAllowed() async throws {
        let keys: [Key] = [
            "cilium/cache/nodes/v1/hurup/n", "cilium/cluster-config/hurup",
            "cilium/synced/hurup/cilium/cache/nodes/v1",
        ]
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                for key in keys {
                    let error = try await client.refusal(
                        EtcdMethods.put, TransactionCodec.encodeRequest(PutRequest(key, [1]))
                    )
                    #expect(error.code == .permissionDenied)
                    #expect(error.message.hasPrefix("etcdserver: permission denied: \(key) "), "\(error)")
                    let transaction = TransactionRequest(success: [], failure: [.put(PutRequest(key, [1]))])
                    let bytes = TransactionCodec.encodeRequest(transaction)
                    #expect(try await client.refusal(EtcdMethods.transaction, bytes).code == .permissionDenied)
                }
                let all = TransactionCodec.encodeRequest(DeleteRequest(.all))
                #expect(try await client.refusal(EtcdMethods.deleteRange, all).code == .permissionDenied)
                #expect(fixture.store.revision == 1)
            }
        }
        try await LocalFixture.run {
            $0.writing = .cilium(cluster: $0.cluster, allowsCacheWrites: true)
        } _: { fixture in
            try await fixture.withClient { client in
                for key in keys { _ = try await client.put(key, "1") }
                #expect(try await client.delete(.all).1.deleted == 3)
            }
        }
    }

    @Test func otherClustersReadNothingHere() async throws {
        let store = KVStore()
        for key: Key in ["cilium/state/nodes/v1/athens/n", "cilium/cluster-config/athens", "cilium/cache/x", "a"] {
            try store.put(key, "1")
        }
        try await LocalFixture.run(store) { fixture in
            for name in ["remote", "remote-hurup", "remote-athens"] {
                try await fixture.withClient(name) { client in
                    for range: KeyRange in [
                        .all, .key("cilium/cluster-config/athens"), .prefix("cilium/state/"), .prefix("cilium/cache/"),
                        .key("a"), .prefix("cilium/.heartbeat"),
                    ] {
                        let bytes = RangeCodec.encodeRequest(RangeRequest(range))
                        #expect(try await client.refusal(EtcdMethods.range, bytes) == .permissionDenied)
                        let stream = try client.open(EtcdMethods.watch)
                        try await stream.send(WatchCodec.encodeRequest(.create(WatchCreateRequest(range, from: 1))))
                        let answer = try WatchCodec.decodeResponse(try #require(try await stream.next()))
                        #expect(answer.canceled)
                        #expect(answer.events.isEmpty)
                        stream.cancel()
                    }
                }
            }
        }
    }

    @Test func theClustersOwnReadersReadWhatIsCached() async throws {
        let store = KVStore()
        for key: Key in ["cilium/state/nodes/v1/athens/n", "cilium/cache/nodes/v1/hurup/n"] { try store.put(key, "1") }
        try await LocalFixture.run(store) { fixture in
            try await fixture.withClient("local-athens") { client in
                let cached = try await client.range(.prefix("cilium/cache/"))
                #expect(cached.count == 1)
                let state = RangeCodec.encodeRequest(RangeRequest(.prefix("cilium/state/")))
                #expect(try await client.refusal(EtcdMethods.range, state) == .permissionDenied)
            }
        }
    }

    @Test func whatAnOperatorDoesToAClusterOfEtcdsIsRefused() async throws {
        let offered = Set(Self.changing + [EtcdMethods.leaseKeepAlive])
        let refused = EtcdMethods.all.filter { method in
            switch method.effect {
            case .changes, .administers: !offered.contains(method.path)
            case .reads, .dependsOnRequest: false
            }
        }
        #expect(refused.count > 20)
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                for method in refused {
                    let error = try await client.refusal(method.path, [0xFF])
                    #expect(error.code == .permissionDenied, "\(method.path)")
                    #expect(error.message.hasPrefix("etcdserver: permission denied: "), "\(method.path)")
                }
                #expect(try await client.refusal("/etcdserverpb.KV/Nothing", []).code == .unimplemented)
            }
        }
    }

    @Test func whatIsNoRequestIsOneErrorAndNothingElse() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                for path in Self.changing {
                    for garbage: [UInt8] in [[0xFF], [0x0A, 0x05, 0x01], [0x0B], Array(repeating: 0x0A, count: 100)] {
                        let error = try await client.refusal(path, garbage)
                        #expect(error.code == .invalidArgument, "\(path) \(garbage)")
                    }
                }
                #expect(try await client.refusal(EtcdMethods.put, []) == .emptyKey)
                #expect(try await client.refusal(EtcdMethods.deleteRange, []) == .emptyKey)
                #expect(fixture.store.revision == 1)
                #expect(try await client.put("a", "1").1.revision == 2)
            }
        }
    }

    @Test func aRequestThatIsTooLargeIsRefusedWithEtcdsError() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                let large = PutRequest("a", Array(repeating: 1, count: 3 << 19))
                let error = try await client.refusal(EtcdMethods.put, TransactionCodec.encodeRequest(large))
                #expect(error == .requestTooLarge)
                let huge = PutRequest("a", Array(repeating: 1, count: 3 << 20))
                let bytes = TransactionCodec.encodeRequest(huge)
                #expect(try await client.refusal(EtcdMethods.put, bytes).code == .resourceExhausted)
                #expect(fixture.store.revision == 1)
            }
        }
    }

    @Test func writersAreWhoTheConfigurationSays() async throws {
        try await LocalFixture.run {
            $0.writing = .cilium(cluster: $0.cluster, writers: [.commonName("writer")])
        } _: { fixture in
            try await fixture.withClient("writer") { client in
                _ = try await client.put("a", "1")
                #expect(try await client.range(.all).count == 1)
            }
            try await fixture.withClient("admin-athens") { client in
                let put = TransactionCodec.encodeRequest(PutRequest("a", [1]))
                let error = try await client.refusal(EtcdMethods.put, put)
                #expect(error.code == .permissionDenied)
            }
        }
    }

    @Test func aUnixSocketServesTheSameAndWantsTheSameCertificates() async throws {
        let directory = try TemporaryDirectory()
        try await LocalFixture.run {
            $0.address = .unix(path: directory.file("local.sock"))
        } _: { fixture in
            #expect(fixture.server.address == .unix(path: directory.file("local.sock")))
            try await fixture.withClient { client in
                let (_, answer) = try await client.put("a", "1")
                #expect(answer.revision == 2)
                #expect(try await client.range(.key("a")).count == 1)
            }
            try await fixture.withClient("stranger") { client in
                let put = TransactionCodec.encodeRequest(PutRequest("a", [1]))
                let error = try await client.refusal(EtcdMethods.put, put)
                #expect(error.code == .permissionDenied)
            }
        }
    }
}
