import MeshCore
import MeshStore
import MeshWire
import Testing

@testable import MeshRPC
@testable import MeshWatcher

/// What a Range is answered with on the thread that received it, and what is left to a task.
@Suite struct RangeServiceTests {
    private let reader = PeerIdentity(commonName: "reader")

    private func service(_ store: StoreReader, mayRead: [KeyRange] = [.all]) -> RangeService {
        RangeService(
            reader: store,
            access: PeerAdmission(AccessPolicy(roles: [AccessRole(.commonName("reader"), mayRead: mayRead)])),
            limits: WatcherLimits()
        )
    }

    private func request(_ range: KeyRange, _ change: (inout RangeRequest) -> Void = { _ in }) -> [UInt8] {
        var request = RangeRequest(range)
        change(&request)
        return RangeCodec.encodeRequest(request)
    }

    private func filled() throws -> KVStore {
        let store = KVStore()
        for index in 0..<100 { try store.put(Key("k\(index)"), "\(index)") }
        return store
    }

    @Test func anImmediateAnswerIsTheOneThatATaskWouldGive() async throws {
        let service = service(try filled().reader)
        let requests = [
            request(.key("k7")), request(.key("absent")), request(.key("k7")) { $0.revision = 9 },
            request(.prefix("k")) { $0.limit = 64 }, request(.prefix("k")) { $0.countOnly = true },
            request(.all) {
                $0.limit = 3
                $0.keysOnly = true
                $0.sortOrder = .descending
            },
        ]
        for bytes in requests {
            let immediate = try #require(try service.immediateAnswer(bytes, to: reader))
            #expect(immediate.bytes == (try await service.answer(bytes, to: reader)).bytes)
        }
    }

    @Test func refusesAsATaskWould() async throws {
        let service = service(try filled().reader, mayRead: [.prefix("k")])
        let requests: [([UInt8], EtcdError)] = [
            (request(.key("")), .emptyKey), (request(.key("a")), .permissionDenied),
            (request(.key("k1")) { $0.revision = 1_000 }, .futureRevision),
        ]
        for (bytes, error) in requests {
            #expect(throws: error) { try service.immediateAnswer(bytes, to: reader) }
            await #expect(throws: error) { try await service.answer(bytes, to: reader) }
        }
        #expect(throws: EtcdError.permissionDenied) {
            try service.immediateAnswer(request(.key("k1")), to: PeerIdentity(commonName: "stranger"))
        }
    }

    @Test func leavesToATaskWhatMayTakeLong() throws {
        let service = service(try filled().reader)
        #expect(try service.immediateAnswer(request(.prefix("k")), to: reader) == nil)
        #expect(try service.immediateAnswer(request(.prefix("k")) { $0.limit = 65 }, to: reader) == nil)
        let long = Key([UInt8](repeating: 7, count: RangeService.largestImmediateRequest))
        #expect(try service.immediateAnswer(request(.key(long)), to: reader) == nil)
    }

    @Test func leavesToATaskAReadThatMustBeAsFreshAsAnotherStore() throws {
        let store = ReplicatedStore()
        let pair = KeyValue(key: "k", createRevision: 4, modRevision: 5, version: 2, value: Array("v".utf8))
        store.reset(to: [pair], at: 5, identity: StoreIdentity(clusterID: 1, memberID: 2), raftTerm: 3)
        let service = service(store.reader)
        #expect(try service.immediateAnswer(request(.key("k")), to: reader) == nil)
        let serializable = request(.key("k")) { $0.serializable = true }
        let answer = try #require(try service.immediateAnswer(serializable, to: reader))
        #expect(try RangeCodec.decodeAnswer(answer.bytes).answer.pairs == [pair])
    }
}

extension RPCPayload {
    /// What is sent.
    fileprivate var bytes: [UInt8] {
        pieces.flatMap { piece -> [UInt8] in
            guard case .bytes(let bytes) = piece else { return [] }
            return bytes
        }
    }
}
