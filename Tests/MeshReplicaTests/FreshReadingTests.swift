import MeshClient
import MeshCore
import MeshStore
import TestSupport
import Testing

@testable import MeshReplica

/// Reads of a replicated store that must not be outdated.
@Suite struct FreshReadingTests {
    private let upstream: Upstream
    private let store = KVStore()

    init() throws {
        upstream = try Upstream()
        try store.put("k", "0")
    }

    @Test func aFreshReadSeesEveryWriteThatWasThereBeforeIt() async throws {
        try await upstream.serving(store) {
            try await upstream.following { replica in
                try await replica.follows(store)
                for number in 1...100 {
                    try store.put("k", "\(number)")
                    try await replica.store.reader.whenFresh()
                    #expect(replica.store.reader.snapshot()["k"]?.value == Array("\(number)".utf8)[...])
                }
            }
        }
    }

    @Test func manyFreshReadsShareAFewReadsOfTheEtcd() async throws {
        try await upstream.serving(store) {
            try await upstream.following { replica in
                try await replica.follows(store)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<500 { group.addTask { try await replica.store.reader.whenFresh() } }
                    try await group.waitForAll()
                }
                #expect(replica.status.confirmations < 250, "\(replica.status.confirmations) of 500")
                #expect(replica.status.waitingReads == 0)
            }
        }
    }

    @Test func ofOneRangeItIsAsFarAsTheEtcdSaysOnRequest() async throws {
        try store.put("other", "before")
        try await upstream.serving(store) {
            try await upstream.following {
                $0.range = .prefix("k")
            } _: { replica in
                try await replica.reaches(.watching)
                let reader = replica.store.reader
                #expect(reader.snapshot().pairs().map(\.key) == ["k"])
                for number in 1...20 {
                    // No event of the range says that these revisions are over.
                    try store.put("other", "\(number)")
                    let revision = try store.put("another", "\(number)")
                    try await reader.whenFresh()
                    #expect(reader.revision == revision)
                }
                try store.put("k", "1")
                try await reader.whenFresh()
                #expect(reader.snapshot().pairs().map(\.value) == [Array("1".utf8)[...]])
                #expect(reader.revision == store.revision)
            }
        }
    }

    @Test func waitsForAnEtcdThatComesBackInTime() async throws {
        try await upstream.following { replica in
            try await upstream.serving(store) { try await replica.follows(store) }
            try await eventually("the loss is noticed") { replica.store.reader.isStale }
            let fresh = Task { try await replica.store.reader.whenFresh() }
            try await eventually("the read waits") { replica.status.waitingReads == 1 }
            try store.put("k", "while away")
            try await upstream.serving(store) {
                try await fresh.value
                #expect(replica.store.reader.revision == store.revision)
            }
        }
    }

    @Test func failsAsUnavailableIfTheEtcdDoesNotComeBackInTime() async throws {
        try await upstream.following {
            $0.freshReadTimeout = .milliseconds(200)
        } _: { replica in
            try await upstream.serving(store) { try await replica.follows(store) }
            try await eventually("the loss is noticed") { replica.store.reader.isStale }
            await #expect(throws: EtcdError(.unavailable, "etcdserver: request timed out")) {
                try await replica.store.reader.whenFresh()
            }
            #expect(replica.status.waitingReads == 0)
            #expect(try replica.store.reader.range(RangeRequest(.key("k"))).count == 1)
        }
    }

    @Test func aCancelledReadStopsWaiting() async throws {
        try await upstream.following { replica in
            try await upstream.serving(store) { try await replica.follows(store) }
            try await eventually("the loss is noticed") { replica.store.reader.isStale }
            let read = Task { try await replica.store.reader.whenFresh() }
            try await eventually("the read waits") { replica.status.waitingReads == 1 }
            read.cancel()
            await #expect(throws: EtcdError.self) { try await read.value }
            #expect(replica.status.waitingReads == 0)
        }
    }

    @Test func refusesMoreWaitingReadsThanAllowed() async throws {
        try await upstream.following {
            $0.maximumFreshReads = 3
        } _: { replica in
            try await eventually("it runs") { replica.status.connections > 0 }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { _ = try? await replica.store.reader.whenFresh() } }
                while replica.status.waitingReads < 3 { await Task.yield() }
                await #expect(throws: EtcdError.tooManyRequests) { try await replica.store.reader.whenFresh() }
                group.cancelAll()
            }
        }
    }
}
