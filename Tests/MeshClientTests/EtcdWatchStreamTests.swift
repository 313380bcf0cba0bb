import MeshClient
import MeshCore
import MeshRPC
import MeshWire
import TestSupport
import Testing

struct EtcdWatchStreamTests {
    private var head: WatchResponseHead {
        let header = ResponseHeader(clusterID: 7, memberID: 8, revision: 9, raftTerm: 2)
        return WatchResponseHead(header: header, watchID: 0)
    }

    private func message(_ head: WatchResponseHead, _ keys: Key...) -> [UInt8] {
        var bytes = WatchCodec.encodeHead(head)
        for key in keys {
            let event = WatchEvent(kind: .put, pair: KeyValue(key: key, modRevision: 9, value: [1]))
            WatchCodec.appendEvent(event, to: &bytes)
        }
        return bytes
    }

    @Test("messages come one by one, fragments joined, and the server's end is the end")
    func messages() async throws {
        var created = head
        created.created = true
        var part = head
        part.fragment = true
        var server = ScriptedServer()
        server.watchMessages = [message(created), message(part, "a", "b"), message(part, "c"), message(head, "d")]
        server.watchEnd = .ok
        try await server.reading { reader in
            let stream = try reader.openWatch()
            try await stream.create(WatchCreateRequest(.all))
            #expect(try await stream.next()?.created == true)
            #expect(try await stream.next(timeout: .seconds(5))?.events.map(\.pair.key) == ["a", "b", "c", "d"])
            #expect(try await stream.next() == nil)
        }
        #expect(server.metadata.withLock { $0.map { $0["hasleader"] } } == ["true"])
    }

    @Test("fragments beyond the bound end the stream with an error")
    func tooManyFragments() async throws {
        var part = head
        part.fragment = true
        var server = ScriptedServer()
        server.watchMessages = Array(repeating: message(part, "a"), count: 100)
        try await server.reading(change: { $0.maximumFragmentBytes = 1000 }) { reader in
            let stream = try reader.openWatch()
            try await stream.create(WatchCreateRequest(.all))
            await #expect { try await stream.next() } throws: { ($0 as? EtcdError)?.code == .resourceExhausted }
        }
    }

    @Test("a message that can't be read is an error, not a crash")
    func garbage() async throws {
        var server = ScriptedServer()
        server.watchMessages = [[0x0A, 0xFF, 1]]
        try await server.reading { reader in
            let stream = try reader.openWatch()
            try await stream.create(WatchCreateRequest(.all))
            await #expect { try await stream.next() } throws: { ($0 as? EtcdError)?.code == .dataLoss }
        }
    }

    @Test("a silent server is given up after the limit, and the stream with it")
    func timeout() async throws {
        try await ScriptedServer().reading { reader in
            let stream = try reader.openWatch()
            try await stream.create(WatchCreateRequest(.all))
            await #expect { try await stream.next(timeout: .milliseconds(200)) } throws: { error in
                (error as? EtcdError)?.code == .deadlineExceeded
            }
            await #expect(throws: EtcdError.self) { try await stream.next() }
        }
    }

    @Test("the status that ends a stream is the error")
    func status() async throws {
        var server = ScriptedServer()
        server.watchEnd = RPCStatus(.unavailable, "etcdserver: no leader")
        try await server.reading { reader in
            let stream = try reader.openWatch()
            try await stream.create(WatchCreateRequest(.all))
            await #expect { try await stream.next() } throws: { error in
                (error as? EtcdError) == EtcdError(.unavailable, "etcdserver: no leader")
            }
        }
    }

    @Test("cancelling a stream ends who waits on it")
    func cancelled() async throws {
        try await ScriptedServer().reading { reader in
            let stream = try reader.openWatch()
            try await stream.create(WatchCreateRequest(.all))
            let waiting = Task { try await stream.next() }
            stream.cancel()
            let end = try await within(.seconds(5)) { await waiting.result }
            #expect(throws: EtcdError.self) { try end.get() }
        }
    }
}
