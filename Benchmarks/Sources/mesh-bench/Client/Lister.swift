internal import BenchmarkSupport
internal import MeshCore
internal import MeshRPC
internal import MeshWire

/// A client that lists a prefix, in one call or in pages at the revision of the first page.
struct Lister: Sendable {
    /// What a list came to.
    struct List: Hashable, Sendable {
        var pairs = 0
        /// The bytes of all answers.
        var bytes = 0
        var calls = 0
        var nanoseconds: UInt64 = 0
    }

    let channel: RPCChannel
    let prefix: String
    /// The most pairs of an answer; 0 asks for all at once.
    let pageSize: Int64

    /// Lists everything.
    ///
    /// - Parameter expected: How many keys there are. A list of another number is an error: its cost says nothing.
    func list(expecting expected: Int) async throws -> List {
        let start = MonotonicTime.now
        var list = List()
        var request = RangeRequest(.prefix(Key(prefix)))
        while list.pairs < expected {
            // The floor always has more.
            request.limit = min(pageSize, Int64(expected - list.pairs))
            let answer = try await ask(request)
            let page = try Self.read(answer)
            list.calls += 1
            list.bytes += answer.count
            list.pairs += page.pairs
            guard page.hasMore, let last = page.lastKey else { break }
            request.range = KeyRange(from: last.successor, to: request.range.end)
            if request.revision == .none { request.revision = page.revision }
        }
        guard list.pairs == expected else {
            throw BenchmarkError("a list has \(list.pairs) pairs instead of \(expected)")
        }
        list.nanoseconds = MonotonicTime.now - start
        return list
    }

    private func ask(_ request: RangeRequest) async throws -> [UInt8] {
        let bytes = RangeCodec.encodeRequest(request)
        return try await channel.unary(RPCMethod(path: EtcdMethods.range), bytes, timeout: .seconds(120))
    }

    private static func read(_ answer: [UInt8]) throws -> RangeAnswerScanner { try RangeAnswerScanner(answer) }
}
