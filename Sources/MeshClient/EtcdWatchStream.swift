public import MeshCore
internal import MeshRPC
public import MeshWire

/// A stream of watches of one etcd server.
///
/// Messages are read one at a time, when asked for: what is not asked for stays with the server, beyond the receive
/// window. One task reads; others may create and cancel watches. Dropping the last reference cancels the stream.
public final class EtcdWatchStream: Sendable {
    private let stream: RPCStream
    private let fragments: Locked<FragmentAssembler>

    init(_ stream: RPCStream, maximumFragmentBytes: Int) {
        self.stream = stream
        fragments = Locked(FragmentAssembler(maximumBytes: maximumFragmentBytes))
    }

    /// Asks for a watch; the server confirms it with a message that has `created` set.
    public func create(_ request: WatchCreateRequest) async throws(EtcdError) {
        try await send(.create(request))
    }

    /// Asks for a watch's end; the server confirms it with a message that has `canceled` set.
    public func cancel(watchID: Int64) async throws(EtcdError) {
        try await send(.cancel(watchID: watchID))
    }

    /// Asks how far all watches of the stream are; the server answers with a message for watch -1.
    public func requestProgress() async throws(EtcdError) {
        try await send(.progress)
    }

    /// The next message, joined from its fragments; `nil` when the server ended the stream with OK.
    ///
    /// - Parameter timeout: How long to wait; `nil` waits for ever. After it the stream is cancelled.
    /// - Throws: The error that ended the stream; DeadlineExceeded after `timeout`; ResourceExhausted if fragments take
    ///   too much; DataLoss if a message can't be read.
    public func next(timeout: Duration? = nil) async throws(EtcdError) -> WatchServerMessage? {
        guard let timeout else { return try await nextWhole() }
        let deadline = WaitDeadline(timeout) { self.stream.cancel() }
        let result: Result<WatchServerMessage?, EtcdError> = await deadline.guarding {
            do throws(EtcdError) {
                return .success(try await self.nextWhole())
            } catch {
                return .failure(error)
            }
        }
        if deadline.isOver, case .failure = result {
            throw EtcdError(.deadlineExceeded, "no message came on the watch stream within \(timeout)")
        }
        return try result.get()
    }

    /// Ends the stream at once; whoever waits for a message gets Canceled.
    public func cancel() {
        stream.cancel()
    }

    private func send(_ message: WatchClientMessage) async throws(EtcdError) {
        do {
            try await stream.send(WatchCodec.encodeRequest(message))
        } catch {
            throw EtcdError(error)
        }
    }

    private func nextWhole() async throws(EtcdError) -> WatchServerMessage? {
        while true {
            let bytes: [UInt8]?
            do {
                bytes = try await stream.next()
            } catch {
                throw EtcdError(error)
            }
            guard let bytes else { return nil }
            let part: WatchServerMessage
            do {
                part = try WatchCodec.decodeResponse(bytes)
            } catch {
                throw EtcdError(.dataLoss, "a message of the watch stream can't be read: \(error)")
            }
            if let whole = try fragments.withLock({ assembler throws(EtcdError) in try assembler.received(part) }) {
                return whole
            }
        }
    }
}

extension EtcdWatchStream: EtcdWatchSource {}
