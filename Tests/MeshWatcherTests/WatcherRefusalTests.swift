import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatcherRefusalTests {
    private static let readOnly = RPCStatus(
        .permissionDenied,
        "etcdserver: permission denied: athens is served read-only here"
    )

    /// `depth` TxnRequests in each other: each is the only step of the one around it.
    static func nestedTransactions(_ depth: Int) -> [UInt8] {
        var message: [UInt8] = []
        for _ in 0..<depth {
            // RequestOp.request_txn (4) around the inner one, TxnRequest.success (2) around that.
            for tag: UInt8 in [0x22, 0x12] {
                var outer: [UInt8] = [tag]
                Varint.append(UInt64(message.count), to: &outer)
                message = outer + message
            }
        }
        return message
    }

    private func check(_ fixture: WatcherFixture, _ client: TestClient) async throws {
        let (_, answer) = try await client.range(RangeRequest(.key("a")))
        #expect(answer.pairs.map(\.value) == [Array("1".utf8)[...]])
        #expect(fixture.store.revision == 2)
    }

    @Test func whatCouldChangeAnythingIsRefusedWithoutLookingAtIt() async throws {
        let store = KVStore()
        try store.put("a", "1")
        // Alarm is looked at, because it also tells the alarms.
        let refused = EtcdMethods.all.filter { $0.effect == .changes || $0.effect == .administers }
        #expect(refused.count >= 30)
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                for method in refused {
                    for body: [UInt8] in [[], [0xFF, 0xFF, 0xFF], Array(repeating: 0x0A, count: 4_000)] {
                        let status = try await client.refusal(method.path, body)
                        #expect(status.code == Self.readOnly.code, "\(method.path)")
                        #expect(status.message == Self.readOnly.message, "\(method.path)")
                    }
                }
                try await check(fixture, client)
            }
        }
    }

    @Test func alarmsAreToldButNeitherRaisedNorEnded() async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient { client in
                let answer = try await client.call(EtcdMethods.alarm, [])
                let (header, alarms) = try MaintenanceCodec.decodeAlarmAnswer(answer)
                #expect(alarms.isEmpty)
                #expect(header == ResponseHeader(of: fixture.store.identity, at: 1))
                for action in [AlarmRequest.Action.activate, .deactivate, .init(rawValue: 9)] {
                    let request = AlarmRequest(action, Alarm(kind: .noSpace))
                    let status = try await client.refusal(EtcdMethods.alarm, MaintenanceCodec.encodeRequest(request))
                    #expect(status.code == Self.readOnly.code)
                    #expect(status.message == Self.readOnly.message)
                }
            }
        }
    }

    @Test func aRealWriteChangesNothing() async throws {
        let store = KVStore()
        try store.put("a", "1")
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let put = try await client.refusal(
                    EtcdMethods.put,
                    TransactionCodec.encodeRequest(PutRequest("a", Array("2".utf8)))
                )
                #expect(put.message == Self.readOnly.message)
                let delete = try await client.refusal(
                    EtcdMethods.deleteRange,
                    TransactionCodec.encodeRequest(DeleteRequest(.all))
                )
                #expect(delete.message == Self.readOnly.message)
                try await check(fixture, client)
            }
        }
    }

    @Test func anyOtherMethodIsUnimplemented() async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient { client in
                for path in ["/etcdserverpb.KV/Nothing", "/x.Y/Z"] {
                    #expect(try await client.refusal(path, []).code == .unimplemented, "\(path)")
                }
                let status = try await client.refusal(EtcdMethods.authenticate, [])
                #expect(EtcdError(status.code, status.message) == .authNotEnabled)
            }
        }
    }

    @Test func tenThousandNestedTransactionsHarmNothingWhereverTheyAreSent() async throws {
        let store = KVStore()
        try store.put("a", "1")
        let message = Self.nestedTransactions(10_000)
        #expect(message.count > 70_000)
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                #expect(try await client.refusal(EtcdMethods.transaction, message).code == .permissionDenied)
                #expect(try await client.refusal(EtcdMethods.range, message).code == .invalidArgument)
                // A WatchRequest has no field in which messages lie in each other that deep: to it this is a cancel of
                // an unknown watch with fields it does not know. The stream goes on.
                let stream = try client.openWatch()
                try await stream.stream.send(message)
                #expect(try await stream.create(WatchCreateRequest(.all)).watchID == 0)
                try await check(fixture, client)
            }
        }
    }

    @Test(arguments: [[0xFF], [0x0A, 0x05, 0x01], [0x0B], Array(repeating: 0x0A, count: 100)] as [[UInt8]])
    func garbageEndsItsCallWithOneErrorAndNothingElse(garbage: [UInt8]) async throws {
        let store = KVStore()
        try store.put("a", "1")
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let healthy = try client.openWatch()
                try await healthy.create(WatchCreateRequest(.all, from: 2))
                #expect(try await healthy.next().events.count == 1)

                let status = try await client.refusal(EtcdMethods.range, garbage)
                #expect(status.code == .invalidArgument)
                #expect(status.message.hasPrefix("etcdserver: "))

                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.all))
                try await stream.stream.send(garbage)
                #expect(try await stream.failure().code == .invalidArgument)

                try await check(fixture, client)
                try fixture.store.put("b", "1")
                #expect(try await healthy.next().events.map(\.pair.key) == ["b"])
            }
        }
    }

    @Test func anOversizedMessageEndsItsCallWithOneErrorAndNothingElse() async throws {
        let store = KVStore()
        try store.put("a", "1")
        try await WatcherFixture.run(store, configure: { $0.limits.requestBytes = 10_000 }) { fixture in
            try await fixture.withClient { client in
                let large = RangeCodec.encodeRequest(RangeRequest(.key(Key(Array(repeating: 0x61, count: 20_000)))))
                #expect(try await client.refusal(EtcdMethods.range, large).code == .resourceExhausted)
                let stream = try client.openWatch()
                try await stream.stream.send(large)
                #expect(try await stream.failure().code == .resourceExhausted)
                try await check(fixture, client)
            }
        }
    }
}
