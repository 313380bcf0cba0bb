import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatcherMaintenanceTests {
    private func status(_ client: TestClient) async throws -> (header: ResponseHeader?, answer: MemberStatus) {
        try MaintenanceCodec.decodeStatusAnswer(try await client.call(EtcdMethods.status, []))
    }

    @Test func statusIsThatOfALeaderWithoutAConsensus() async throws {
        let store = KVStore()
        try store.put("a", "1")
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let (header, status) = try await status(client)
                #expect(header == store.reader.header)
                #expect(status.leader == store.identity.memberID)
                #expect(status.raftTerm == 1)
                #expect(status.raftIndex == 2)
                #expect(status.raftAppliedIndex == 2)
                #expect(status.databaseSize == Int64(store.reader.storedBytes))
                #expect(status.databaseSizeInUse == status.databaseSize)
                #expect(status.errors.isEmpty)
                #expect(!status.isLearner)
            }
        }
    }

    @Test func theVersionIsPlainAndOneWhoseProgressAnswersClientsTrust() {
        let parts = MaintenanceService.version.split(separator: ".").compactMap { Int($0) }
        #expect(parts.map(String.init).joined(separator: ".") == MaintenanceService.version)
        // The first of the 3.5 releases whose answers to progress requests Kubernetes' API server trusts.
        #expect(parts.starts(with: [3, 5]))
        #expect((parts.last ?? 0) >= 13)
    }

    @Test func otherClustersMayAskForTheStatusButNotForHashesOfAllKeys() async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient("remote-hurup") { client in
                #expect(try await status(client).answer.version == MaintenanceService.version)
                for path in [EtcdMethods.hash, EtcdMethods.hashKV] {
                    let status = try await client.refusal(path, [])
                    #expect(EtcdError(status.code, status.message) == .permissionDenied, "\(path)")
                }
            }
            try await fixture.withClient("stranger") { client in
                let status = try await client.refusal(EtcdMethods.status, [])
                #expect(EtcdError(status.code, status.message) == .permissionDenied)
            }
        }
    }

    @Test func hashesAreTheStores() async throws {
        let store = KVStore()
        for number in 0..<10 { try store.put("a", "\(number)") }
        try store.compact(to: 5)
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                for revision: Revision in [.none, 7, 11] {
                    let bytes = try await client.call(
                        EtcdMethods.hashKV,
                        MaintenanceCodec.encodeHashKVRequest(at: revision)
                    )
                    let (header, answer) = try MaintenanceCodec.decodeHashKVAnswer(bytes)
                    #expect(answer == (try store.reader.hash(at: revision)))
                    #expect(answer.compactRevision == 5)
                    #expect(header == store.reader.header)
                }
                let (_, hash) = try MaintenanceCodec.decodeHashAnswer(try await client.call(EtcdMethods.hash, []))
                #expect(hash == (try store.reader.hash().hash))
                for (revision, error) in [(4, EtcdError.compacted), (12, .futureRevision)] as [(Revision, EtcdError)] {
                    let request = MaintenanceCodec.encodeHashKVRequest(at: revision)
                    let status = try await client.refusal(EtcdMethods.hashKV, request)
                    #expect(EtcdError(status.code, status.message) == error)
                }
            }
        }
    }

    @Test func aStoreThatCannotFollowItsSourceSaysSo() throws {
        let store = ReplicatedStore(configuration: KVStoreConfiguration())
        let identity = StoreIdentity(clusterID: 3, memberID: 4)
        store.reset(to: [], at: 5, identity: identity, raftTerm: 7)
        let service = MaintenanceService(
            reader: store.reader,
            access: PeerAdmission(AccessPolicy(roles: [AccessRole(.commonName("reader"), mayRead: [.all])])),
            limits: WatcherLimits()
        )
        let peer = PeerIdentity(commonName: "reader")
        for isStale in [true, false] {
            store.setStale(isStale)
            let (header, status) = try MaintenanceCodec.decodeStatusAnswer(try service.status([], for: peer))
            #expect(header == ResponseHeader(clusterID: 3, memberID: 4, revision: 5, raftTerm: 7))
            #expect(status.leader == 4)
            #expect(status.raftTerm == 7)
            #expect(status.errors.isEmpty != isStale)
        }
    }

    @Test(arguments: [EtcdMethods.status, EtcdMethods.hash, EtcdMethods.hashKV])
    func bytesThatAreNoRequestAreRefused(path: String) async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient { client async throws in
                #expect(try await client.refusal(path, [0xFF, 0xFF]).code == .invalidArgument)
            }
        }
    }
}
