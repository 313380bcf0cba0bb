import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatcherMemberTests {
    private func members(_ client: TestClient) async throws -> (header: ResponseHeader?, answer: [ClusterMember]) {
        let request = ClusterCodec.encodeMemberListRequest(linearizable: true)
        return try ClusterCodec.decodeMemberListAnswer(try await client.call(EtcdMethods.memberList, request))
    }

    @Test func theServerIsTheOnlyMemberAndTellsWhereItListens() async throws {
        let store = KVStore()
        try store.put("a", "1")
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let (header, members) = try await members(client)
                // As in etcd, this header has no revision.
                #expect(header == ResponseHeader(of: store.identity, at: .none))
                let url = "https://127.0.0.1:\(fixture.server.port)"
                #expect(
                    members == [ClusterMember(id: store.identity.memberID, name: "athens", clientURLs: [url])]
                )
            }
        }
    }

    @Test func advertisedURLsAreToldInsteadOfTheAddressListenedOn() async throws {
        let urls = ["https://athens.example:2379", "https://[2001:db8::1]:2379"]
        try await WatcherFixture.run(configure: { $0.advertisedURLs = urls }) { fixture in
            try await fixture.withClient { client async throws in
                #expect(try await members(client).answer.map(\.clientURLs) == [urls])
            }
        }
    }

    @Test func withoutARoleNothingIsToldButThatThereAreNoUsersAndNoAlarms() async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient("stranger") { client in
                let status = try await client.refusal(EtcdMethods.memberList, [])
                #expect(EtcdError(status.code, status.message) == .permissionDenied)
                let alarms = try MaintenanceCodec.decodeAlarmAnswer(try await client.call(EtcdMethods.alarm, []))
                #expect(alarms.answer.isEmpty)
                let answer = try AuthCodec.decodeStatusAnswer(try await client.call(EtcdMethods.authStatus, []))
                #expect(answer.answer == AuthStatus(isEnabled: false, revision: 0))
                #expect(answer.header == ResponseHeader(of: fixture.store.identity, at: 1))
            }
        }
    }

    @Test func otherClustersLearnWhatTheyNeedToConnect() async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient("remote-hurup") { client async throws in
                #expect(try await members(client).answer.count == 1)
            }
        }
    }

    @Test(arguments: [EtcdMethods.memberList, EtcdMethods.alarm, EtcdMethods.authStatus, HealthCodec.check])
    func bytesThatAreNoRequestAreRefused(path: String) async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient { client async throws in
                #expect(try await client.refusal(path, [0xFF, 0xFF]).code == .invalidArgument)
            }
        }
    }
}
