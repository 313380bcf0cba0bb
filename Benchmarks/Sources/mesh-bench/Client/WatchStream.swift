internal import BenchmarkSupport
internal import MeshCore
internal import MeshRPC
internal import MeshWire

/// A stream with watches, whose messages are counted as they come in.
final class WatchStream: Sendable {
    /// A watch to create, with the number after which its events begin.
    struct Wanted: Sendable {
        var range: KeyRange
        /// The first revision wanted; `none` for what comes from now on.
        var start: Revision = .none
        var after: Int64
    }

    private let stream: RPCStream
    private let tally: Locked<StreamTally>

    /// Opens a stream and creates watches on it, one after another, as a server may give them any ID.
    init(on channel: RPCChannel, _ numbers: StreamTally.Numbers, _ wanted: [Wanted]) async throws {
        stream = try channel.openStream(RPCMethod(path: EtcdMethods.watch))
        var created: [(id: Int64, after: Int64)] = []
        for watch in wanted {
            let request = WatchCreateRequest(watch.range, from: watch.start)
            try await stream.send(WatchCodec.encodeRequest(.create(request)))
            guard let answer = try await stream.next() else { throw BenchmarkError("a watch stream ended at once") }
            let message = try WatchCodec.decodeResponse(answer)
            guard message.created, !message.canceled else {
                throw BenchmarkError("a watch was not created: \(message.cancelReason)")
            }
            created.append((message.watchID, watch.after))
        }
        tally = Locked(StreamTally(numbers, watches: created))
    }

    /// What it was sent so far.
    var counted: StreamTally { tally.withLock { $0 } }

    /// How many events came so far.
    var events: Int { tally.withLock { $0.events } }

    /// Begins to count anew.
    func restart() { tally.withLock { $0.restart() } }

    /// Whether every watch has come as far as `number` says, or was told that history is gone.
    func hasReached(_ number: (_ watch: Int) -> Int64) -> Bool {
        tally.withLock { tally in
            tally.watches.enumerated().allSatisfy { place, watch in watch.isCompacted || watch.last >= number(place) }
        }
    }

    /// Takes messages, on the transport's thread, until the stream is cancelled or the server ends it.
    func receive() {
        stream.receiveAll { [tally] message in
            let now = MonotonicTime.now
            message.withBytes { bytes in tally.withLock { $0.received(bytes, at: now) } }
            return true
        } ended: { [tally] status in
            tally.withLock { $0.ended("\(status)") }
        }
    }

    /// Ends the stream; what came was to be looked at before.
    func cancel() { stream.cancel() }
}
