import BenchmarkSupport
import MeshCore
import MeshRPC
import MeshWire
import Testing

@testable import mesh_bench

/// The floor, driven by the client that measures it. One server at a time.
@Suite(.serialized) struct FloorServerTests {
    private func withFloor(_ body: (StartedServer, ClientKit) async throws -> Void) async throws {
        let server = try await ServerStarter().start(.floor)
        defer { server.stop() }
        let client = ClientKit(credentials: server.credentials)
        do {
            try await body(server, client)
        } catch {
            await client.endAll()
            throw error
        }
        await client.endAll()
    }

    private func state(_ server: StartedServer, after known: Int = 0) async throws -> State {
        try server.process.tell("state")
        return try await server.process.line(State.self, after: known)
    }

    private struct State: Decodable {
        var streams: Int
        var watches: Int
        var events: Int
        var skipped: Int
    }

    @Test func everyPutReachesEveryWatchOnceAndInOrder() async throws {
        try await withFloor { server, client in
            let plan = WriterLoad.Plan(keys: 10, writers: 4, connections: 2)
            let writers = try await WriterLoad(plan, with: client, to: server.writing)
            let filled = try await writers.fill()
            let watching = WatchLoad.Plan(connections: 5, watchesPerConnection: 3)
            let watchers = try await WatchLoad(watching, with: client, to: server.watching, present: filled)
            let begun = MonotonicTime.now
            let puts = try await writers.run(rate: nil, puts: 200)
            let goal = WatchLoad.Goal.revision(puts.lastRevision)
            #expect(try await watchers.awaitAll(goal, within: .seconds(30)))
            let result = watchers.result(goal)
            #expect(result.events == 200 * 15)
            #expect(result.isComplete)
            // The values tell when their puts were sent.
            #expect(result.latencies.maximum < MonotonicTime.now - begun)
            let state = try await state(server)
            #expect(state.streams == 5)
            #expect(state.watches == 15)
            #expect(state.events == 210)
            #expect(state.skipped == 0)
            await watchers.close()
        }
    }

    @Test func eventsAreMadeWithoutPutsWhenToldTo() async throws {
        try await withFloor { server, client in
            let channel = try client.channel(to: server.watching)
            let watch = WatchCreateRequest(.prefix("any/"), watchID: 7)
            let stream = try channel.openStream(RPCMethod(path: EtcdMethods.watch))
            try await stream.send(WatchCodec.encodeRequest(.create(watch)))
            let created = try WatchCodec.decodeResponse(try #require(try await stream.next()))
            #expect(created.created)
            #expect(created.watchID == 7)
            try server.process.tell("send 3")
            let message = try WatchCodec.decodeResponse(try #require(try await stream.next()))
            #expect(message.watchID == 7)
            #expect(message.events.count == 3)
            #expect(message.events.allSatisfy { $0.pair.value.count == 512 })
            #expect(message.header?.revision == message.events.last?.revision)
            try server.process.tell("flood 16")
            var events = 0
            while events < 1_000 {
                let next = try WatchCodec.decodeResponse(try #require(try await stream.next()))
                events += next.events.count
            }
            stream.cancel()
        }
    }

    @Test func aRangeHasAsManyPairsAsItIsAskedFor() async throws {
        try await withFloor { server, client in
            let channel = try client.channel(to: server.watching)
            for (limit, pairs) in [(0 as Int64, 100_000), (1_000, 1_000), (256, 256)] {
                var request = RangeRequest(.prefix("any/"))
                request.limit = limit
                let answer = try await channel.unary(
                    RPCMethod(path: EtcdMethods.range), RangeCodec.encodeRequest(request), timeout: .seconds(30))
                let page = try RangeAnswerScanner(answer)
                #expect(page.pairs == pairs)
                #expect(page.count == 100_000)
                #expect(page.hasMore == (limit > 0))
            }
            let one = try await channel.unary(
                RPCMethod(path: EtcdMethods.range), RangeCodec.encodeRequest(RangeRequest(.key("any"))),
                timeout: .seconds(30))
            #expect(try RangeAnswerScanner(one).pairs == 0)
        }
    }

    @Test func aListInPagesIsComplete() async throws {
        try await withFloor { server, client in
            let channel = try client.channel(to: server.watching)
            let lister = Lister(channel: channel, prefix: "any/", pageSize: 1_000)
            let list = try await lister.list(expecting: 100_000)
            #expect(list.calls == 100)
            #expect(list.bytes > 100_000 * 512)
            // All at once there is no more.
            let whole = Lister(channel: channel, prefix: "any/", pageSize: 0)
            await #expect(throws: BenchmarkError.self) { try await whole.list(expecting: 100_001) }
        }
    }

    @Test func aClientWithoutACertificateOfTheMeshIsRefused() async throws {
        try await withFloor { server, _ in
            let stranger = try BenchmarkCertificates(in: WorkDirectory()).client
            let client = ClientKit(credentials: stranger)
            await #expect(throws: RPCStatus.self) {
                _ = try await client.connectedChannels(1, to: server.watching)
            }
            await client.endAll()
        }
    }
}
