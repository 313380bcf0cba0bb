import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatcherRangeStreamTests {
    private func filledStore() throws -> KVStore {
        let store = KVStore()
        for index in 0..<300 {
            try store.put(Key("cilium/state/k\(1000 + index)"), [UInt8](repeating: 7, count: 1 + index * 20))
        }
        try store.delete(.key("cilium/state/k1007"))
        return store
    }

    private func open(_ client: TestClient, _ request: [UInt8]) async throws -> RPCStream {
        let stream = try client.channel.openStream(RPCMethod(path: EtcdMethods.rangeStream))
        try await stream.send(request)
        try await stream.finishSending()
        return stream
    }

    private func next(_ stream: RPCStream) async throws -> (header: ResponseHeader?, answer: RangeAnswer)? {
        let bytes = try await within(testDeadline, "a part of a range") { try await stream.next() }
        return try bytes.map { try RangeCodec.decodeStreamPart($0) }
    }

    /// All parts merged, and how many there were.
    private func all(
        _ client: TestClient,
        _ request: RangeRequest
    ) async throws -> (parts: Int, header: ResponseHeader?, answer: RangeAnswer) {
        let stream = try await open(client, RangeCodec.encodeRequest(request))
        var parts = 0
        var pairs: [KeyValue] = []
        var header: ResponseHeader?
        var answer = RangeAnswer(pairs: [], more: false, count: 0, revision: .none)
        while let part = try await next(stream) {
            parts += 1
            pairs += part.answer.pairs
            (header, answer) = part
        }
        answer.pairs = pairs
        return (parts, header, answer)
    }

    private func refusal(_ client: TestClient, _ request: [UInt8]) async throws -> EtcdError {
        // The refusal may come before the client has said that it sends no more.
        let status = try await #require(throws: RPCStatus.self) { _ = try await next(try await open(client, request)) }
        return EtcdError(status.code, status.message)
    }

    @Test func thePartsMergedAreTheAnswerToTheSameRange() async throws {
        let store = try filledStore()
        try await WatcherFixture.run(store, configure: { $0.limits.bytesPerRangePart = 10_000 }) { fixture in
            try await fixture.withClient { client in
                var requests = [RangeRequest(.all), RangeRequest(.key("nothing")), RangeRequest(.all)]
                requests[2].limit = 10
                for change: (inout RangeRequest) -> Void in [
                    { $0.keysOnly = true }, { $0.countOnly = true }, { $0.revision = 100 },
                    { $0.sortOrder = .ascending }, { $0.serializable = true },
                ] {
                    var request = RangeRequest(.all)
                    change(&request)
                    requests.append(request)
                }
                for request in requests {
                    let (parts, header, answer) = try await all(client, request)
                    #expect(answer == (try store.perform(request)), "\(request)")
                    #expect(header == store.reader.header)
                    let bytes = answer.pairs.reduce(0) { $0 + $1.encoded.count }
                    #expect(parts >= max(1, bytes / 10_000))
                }
            }
        }
    }

    @Test func whatIsSentLaterIsOfTheSameMoment() async throws {
        let store = try filledStore()
        let expected = try store.perform(RangeRequest(.all))
        try await WatcherFixture.run(store, configure: { $0.limits.bytesPerRangePart = 10_000 }) { fixture in
            try await fixture.withClient(receiveWindowBytes: 65_536) { client in
                let stream = try await open(client, RangeCodec.encodeRequest(RangeRequest(.all)))
                var pairs = try await next(stream)?.answer.pairs ?? []
                #expect(pairs.count < expected.pairs.count)
                // Not even a compaction changes what was begun.
                for pair in expected.pairs { try store.put(pair.key, "later") }
                try store.compact(to: store.revision)
                while let part = try await next(stream) { pairs += part.answer.pairs }
                #expect(pairs == expected.pairs)
            }
        }
    }

    @Test func refusalsAreThoseOfRange() async throws {
        let store = try filledStore()
        try store.compact(to: 10)
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient("remote-hurup") { client async throws in
                func refusal(_ change: (inout RangeRequest) -> Void) async throws -> EtcdError {
                    var request = RangeRequest(.prefix("cilium/state/"))
                    change(&request)
                    return try await self.refusal(client, RangeCodec.encodeRequest(request))
                }
                #expect(try await refusal { $0.range = KeyRange(key: [], rangeEnd: []) } == .emptyKey)
                #expect(try await refusal { $0.range = .all } == .permissionDenied)
                #expect(try await refusal { $0.revision = 9 } == .compacted)
                #expect(try await refusal { $0.revision = 1_000 } == .futureRevision)
                // As in etcd, only the order of keys can be streamed.
                #expect(try await refusal { $0.sortOrder = .descending }.code == .unimplemented)
                #expect(try await refusal { $0.minimumModRevision = 5 }.code == .unimplemented)
                #expect(try await self.refusal(client, [0xFF]).code == .invalidArgument)
            }
        }
    }

    @Test func aRangeStreamHasOneRequest() async throws {
        try await WatcherFixture.run(try filledStore()) { fixture in
            try await fixture.withClient { client in
                let none = try client.channel.openStream(RPCMethod(path: EtcdMethods.rangeStream))
                try await none.finishSending()
                let status = await #expect(throws: RPCStatus.self) { _ = try await next(none) }
                #expect(status?.code == .invalidArgument)
                #expect(try await all(client, RangeRequest(.all)).answer.count == 299)
            }
        }
    }

    @Test func aStreamThatIsGivenUpHarmsNothing() async throws {
        try await WatcherFixture.run(
            try filledStore(), configure: { $0.limits.bytesPerRangePart = 1_024 }
        ) { fixture in
            try await fixture.withClient { client in
                for _ in 0..<20 {
                    let stream = try await open(client, RangeCodec.encodeRequest(RangeRequest(.all)))
                    _ = try await next(stream)
                    stream.cancel()
                }
                #expect(try await all(client, RangeRequest(.all)).answer.count == 299)
            }
        }
    }
}
