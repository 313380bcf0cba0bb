import MeshCore
import Testing

@testable import MeshStore

@Suite struct StorePublicationTests {
    private func publisher(_ configuration: KVStoreConfiguration = KVStoreConfiguration()) -> StorePublisher {
        StorePublisher(engine: StoreEngine(configuration: configuration))
    }

    private func put(_ publisher: StorePublisher, _ key: Key, _ value: [UInt8] = []) throws {
        _ = try publisher.commitInPlace { engine throws(EtcdError) in try engine.put(PutRequest(key, value)) }
    }

    @Test func aCommitInPlaceLeavesAloneWhatAReaderHolds() throws {
        let publisher = publisher()
        for number in 0..<100 { try put(publisher, "key/\(number)") }
        let held = publisher.publication.engine
        for number in 0..<100 { try put(publisher, "key/\(number)") }
        #expect(held.revision == 101)
        #expect(held["key/7"]?.version == 1)
        #expect(publisher.publication.engine["key/7"]?.version == 2)
    }

    @Test func remembersNoReadersStateForLongerThanItsBound() throws {
        let publisher = publisher()
        try put(publisher, "key")
        _ = publisher.publication.engine
        #expect(publisher.publication.pinnedRevision == 2)
        for _ in 0..<8_192 { try put(publisher, "key") }
        #expect(publisher.publication.pinnedRevision == 2)
        try put(publisher, "key")
        #expect(publisher.publication.pinnedRevision == 8_195)
        for _ in 0..<17 { try put(publisher, "large", [UInt8](repeating: 0, count: 1_000_000)) }
        #expect(publisher.publication.pinnedRevision == 8_212)
    }

    @Test func aReadOfOneKeyLeavesTheWriterNothingToSpare() throws {
        let publisher = publisher()
        let publication = publisher.publication
        try put(publisher, "key")
        try put(publisher, "key", [1])
        var request = RangeRequest(.key("key"))
        let now = try publication.range(request)
        #expect(now.header.revision == 3)
        #expect(
            now.answer
                == RangeAnswer(pairs: [try #require(publication.pair(of: "key"))], more: false, count: 1, revision: 3))
        request.revision = 2
        #expect(try publication.range(request).answer.pairs.map(\.version) == [1])
        request.revision = 4
        #expect(throws: EtcdError.futureRevision) { try publication.range(request) }
        #expect(publication.pair(of: "absent") == nil)
        #expect(publication.pinnedRevision == nil)
        _ = try publication.range(RangeRequest(.prefix("key")))
        #expect(publication.pinnedRevision == 3)
    }

    @Test func remembersNoReadersHistoryForLongerThanItsBound() throws {
        let publisher = publisher()
        try put(publisher, "key")
        _ = publisher.publication.changes
        #expect(publisher.publication.pinnedHistoryEnd == 1)
        for _ in 0..<8_192 { try put(publisher, "key") }
        #expect(publisher.publication.pinnedHistoryEnd == 1)
        try put(publisher, "key")
        #expect(publisher.publication.pinnedHistoryEnd == 8_194)
        let (changes, entry) = publisher.publication.changes(of: "key")
        #expect(changes.endPosition == 8_194 && entry?.position == 8_193)
        #expect(publisher.publication.pinnedRevision == nil, "the index was pinned for a reader of changes")
    }

    @Test func aFailedCommitPublishesNothing() throws {
        let publisher = publisher()
        #expect(throws: EtcdError.emptyKey) { try put(publisher, "") }
        #expect(throws: EtcdError.compacted) {
            try publisher.commit { engine throws(EtcdError) in
                _ = try engine.put(PutRequest("key", []))
                throw .compacted
            }
        }
        #expect(publisher.publication.revision == 1)
    }

    @Test func answersPagesOfAPinnedRevisionWithTheStoresRevisionInTheHeader() throws {
        let publisher = publisher()
        for number in 0..<10 { try put(publisher, "key/\(number)") }
        var request = RangeRequest(.all)
        request.limit = 4
        let first = try publisher.publication.range(request).answer
        #expect(first.more)
        try put(publisher, "key/0")
        try put(publisher, "key/5")
        (request.revision, request.range) = (first.revision, .from("key/4"))
        let second = try publisher.publication.range(request).answer
        #expect(second.pairs.map(\.version) == [1, 1, 1, 1])
        #expect(second.count == 6)
        #expect(second.revision == 13)
        _ = try publisher.commitInPlace { engine throws(EtcdError) in try engine.compact(to: 12) }
        #expect(throws: EtcdError.compacted) { try publisher.publication.range(request) }
    }
}
