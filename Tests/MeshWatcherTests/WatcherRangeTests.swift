import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatcherRangeTests {
    private func filledStore() throws -> KVStore {
        let store = KVStore()
        for index in 0..<30 { try store.put(Key("cilium/state/nodes/v1/athens/n\(index)"), "node \(index)") }
        try store.put("cilium/cache/nodes/v1/kos/n0", "cached")
        try store.put("cilium/cluster-config/athens", "{}")
        try store.delete(.key("cilium/state/nodes/v1/athens/n7"))
        return store
    }

    @Test func answersWithTheStoresPairsAndHeader() async throws {
        let store = try filledStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                for request in [
                    RangeRequest(.key("cilium/cluster-config/athens")), RangeRequest(.key("nothing")),
                    RangeRequest(.prefix("cilium/state/")), RangeRequest(.all),
                ] {
                    let (header, answer) = try await client.range(request)
                    #expect(answer == (try store.perform(request)))
                    #expect(header == ResponseHeader(of: store.identity, at: store.revision))
                }
            }
        }
    }

    @Test(arguments: [100, 512, 100_000]) func anAnswerOfAnySizeIsWhole(valueBytes: Int) async throws {
        let store = KVStore()
        let value = (0..<valueBytes).map { UInt8(truncatingIfNeeded: $0) }
        let count = 3 * RangeService.largestCopiedAnswer / valueBytes
        for index in 0..<count { try store.put(Key("k\(index)"), value) }
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let (header, answer) = try await client.range(RangeRequest(.all))
                #expect(answer == (try store.perform(RangeRequest(.all))))
                #expect(header == store.reader.header)
                // What the answer referred to is still there.
                #expect(store.get("k0").map { Array($0.value) } == value)
            }
        }
    }

    @Test func pagesStayAtTheRevisionOfTheFirst() async throws {
        let store = try filledStore()
        let expected = try store.perform(RangeRequest(.prefix("cilium/state/"))).pairs
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient("remote-hurup") { client in
                var pairs: [KeyValue] = []
                var request = RangeRequest(.prefix("cilium/state/"))
                request.limit = 7
                request.sortOrder = .ascending
                while true {
                    let (header, answer) = try await client.range(request)
                    pairs += answer.pairs
                    guard answer.more, let last = answer.pairs.last else { break }
                    // Writes between the pages change nothing.
                    try store.put(Key("cilium/state/nodes/v1/athens/n2\(pairs.count)x"), "late")
                    if request.revision == .none { request.revision = header?.revision ?? .none }
                    request.range = .interval(last.key.successor, "cilium/state0")
                }
                #expect(pairs == expected)
            }
        }
    }

    @Test func errorsAreEtcdsInCodeAndText() async throws {
        let store = try filledStore()
        try store.compact(to: 10)
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                func refusal(_ change: (inout RangeRequest) -> Void) async throws -> EtcdError {
                    var request = RangeRequest(.all)
                    change(&request)
                    let status = try await client.refusal(EtcdMethods.range, RangeCodec.encodeRequest(request))
                    return EtcdError(status.code, status.message)
                }
                #expect(try await refusal { $0.range = KeyRange(key: [], rangeEnd: []) } == .emptyKey)
                #expect(try await refusal { $0.revision = 9 } == .compacted)
                #expect(try await refusal { $0.revision = 1_000 } == .futureRevision)
                // sort_order 7: field 5 as a varint.
                let status = try await client.refusal(
                    EtcdMethods.range,
                    RangeCodec.encodeRequest(RangeRequest(.all)) + [0x28, 0x07]
                )
                #expect(EtcdError(status.code, status.message) == .invalidSortOption)
            }
        }
    }

    @Test(arguments: [
        KeyRange.all, .prefix("cilium/"), .prefix("cilium/cache/"), .key("cilium/cluster-config/hurup"),
        .prefix("cilium/cluster-config/"), .interval("cilium/state/", "cilium/state1"),
    ])
    func readingOutsideOfTheRoleIsRefused(range: KeyRange) async throws {
        try await WatcherFixture.run(try filledStore()) { fixture in
            try await fixture.withClient("remote-hurup") { client in
                let status = try await client.refusal(EtcdMethods.range, RangeCodec.encodeRequest(RangeRequest(range)))
                #expect(status.code == .permissionDenied)
                #expect(status.message == "etcdserver: permission denied")
                // Within the role the same client goes on reading.
                let (_, answer) = try await client.range(RangeRequest(.prefix("cilium/state/")))
                #expect(answer.count == 29)
            }
        }
    }

    @Test func whoHasNoRoleReadsNothing() async throws {
        try await WatcherFixture.run(try filledStore()) { fixture in
            try await fixture.withClient("stranger") { client in
                let request = RangeRequest(.key("cilium/.heartbeat"))
                let status = try await client.refusal(EtcdMethods.range, RangeCodec.encodeRequest(request))
                #expect(EtcdError(status.code, status.message) == .permissionDenied)
            }
        }
    }
}
