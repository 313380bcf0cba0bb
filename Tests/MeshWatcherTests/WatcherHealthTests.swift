import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatcherHealthTests {
    private func check(_ client: TestClient, service: String = "") async throws -> HealthStatus {
        try HealthCodec.decodeAnswer(
            try await client.call(HealthCodec.check, HealthCodec.encodeRequest(service: service))
        )
    }

    private func watch(_ client: TestClient, service: String = "") async throws -> RPCStream {
        let stream = try client.channel.openStream(RPCMethod(path: HealthCodec.watch))
        try await stream.send(HealthCodec.encodeRequest(service: service))
        try await stream.finishSending()
        return stream
    }

    private func next(_ stream: RPCStream) async throws -> HealthStatus? {
        let bytes = try await within(testDeadline, "a state of health") { try await stream.next() }
        return try bytes.map { try HealthCodec.decodeAnswer($0) }
    }

    @Test func checkTellsTheStateToWhoeverHasACertificate() async throws {
        try await WatcherFixture.run { fixture in
            fixture.health.isServing = false
            try await fixture.withClient("stranger") { client in
                #expect(try await check(client) == .notServing)
                fixture.health.isServing = true
                #expect(try await check(client) == .serving)
                let status = try await client.refusal(HealthCodec.check, HealthCodec.encodeRequest(service: "x"))
                #expect(status.code == .notFound)
            }
        }
    }

    @Test func watchTellsTheStateAtOnceAndThenEachChange() async throws {
        try await WatcherFixture.run { fixture in
            fixture.health.isServing = false
            try await fixture.withClient { client in
                let stream = try await watch(client)
                #expect(try await next(stream) == .notServing)
                fixture.health.isServing = true
                #expect(try await next(stream) == .serving)
                fixture.health.isServing = false
                #expect(try await next(stream) == .notServing)
                stream.cancel()
                try await eventually("the closed stream is forgotten") { fixture.health.watcherCount == 0 }
            }
        }
    }

    @Test func watchTellsThatAServiceIsUnknownAndWaits() async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient { client in
                let stream = try await watch(client, service: "etcdserverpb.KV")
                #expect(try await next(stream) == .serviceUnknown)
                // Nothing else is told: the state of another service is not this one's.
                fixture.health.isServing = false
                #expect(try await check(client) == .notServing)
                stream.cancel()
            }
        }
    }

    @Test func aWatchHasOneRequest() async throws {
        try await WatcherFixture.run { fixture in
            try await fixture.withClient { client in
                let none = try client.channel.openStream(RPCMethod(path: HealthCodec.watch))
                try await none.finishSending()
                let two = try client.channel.openStream(RPCMethod(path: HealthCodec.watch))
                try await two.send([])
                #expect(try await next(two) == .serving)
                try await two.send([])
                for stream in [none, two] {
                    let status = await #expect(throws: RPCStatus.self) { _ = try await next(stream) }
                    #expect(status?.code == .invalidArgument)
                }
            }
        }
    }

    @Test func aServerThatDoesNotServeYetAnswersAllTheSame() async throws {
        let store = KVStore()
        try store.put("a", "1")
        try await WatcherFixture.run(store) { fixture in
            fixture.health.isServing = false
            try await fixture.withClient { client async throws in
                #expect(try await client.range(RangeRequest(.key("a"))).answer.count == 1)
            }
        }
    }
}
