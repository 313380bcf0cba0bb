public import MeshCore

/// Why a watch ended.
public enum StoreWatchError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The watch's place in history has been compacted; the revision is the oldest one that can still be read.
    /// List again, and watch from the list's revision on.
    case compacted(Revision)

    public var description: String {
        switch self {
        case .compacted(let revision):
            "the watched revision has been compacted: the oldest that can be read is \(revision); list again, then watch from there"
        }
    }
}

/// The events of a range of keys as an asynchronous sequence of batches, each of whole revisions in their order.
///
/// Nothing is queued: an iterator is a cursor in the store's history. One that takes its time gets larger batches, and
/// ends with ``StoreWatchError/compacted(_:)`` when history does not reach back to it any more. It ends without an error
/// when its task is cancelled. Every iterator begins at the same revision.
public struct StoreWatch: AsyncSequence, Sendable {
    public typealias Element = WatchBatch
    public typealias Failure = StoreWatchError

    /// The most events in a batch, unless one revision alone has more. At least 1; the default is 1,024.
    public var maximumEventsPerBatch = 1_024

    /// The most encoded bytes in a batch, unless one revision alone has more. At least 1; the default is 1 MiB.
    public var maximumBytesPerBatch = 1_048_576

    private let reader: StoreReader
    private let cursor: WatchCursor

    init(reader: StoreReader, cursor: WatchCursor) {
        self.reader = reader
        self.cursor = cursor
    }

    public func makeAsyncIterator() -> AsyncIterator {
        let signal = WakeSignal()
        return AsyncIterator(
            reader: reader,
            cursor: cursor,
            maximumEvents: maximumEventsPerBatch,
            maximumBytes: maximumBytesPerBatch,
            signal: signal,
            subscription: reader.onCommit { signal.wake() }
        )
    }

    /// The place of one consumer.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let reader: StoreReader
        private var cursor: WatchCursor
        private let maximumEvents: Int
        private let maximumBytes: Int
        private let signal: WakeSignal
        /// Ends with the iterator.
        private let subscription: CommitSubscription

        fileprivate init(
            reader: StoreReader,
            cursor: WatchCursor,
            maximumEvents: Int,
            maximumBytes: Int,
            signal: WakeSignal,
            subscription: CommitSubscription
        ) {
            self.reader = reader
            self.cursor = cursor
            self.maximumEvents = maximumEvents
            self.maximumBytes = maximumBytes
            self.signal = signal
            self.subscription = subscription
        }

        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(StoreWatchError) -> WatchBatch? {
            while !Task.isCancelled {
                switch reader.step(&cursor, maximumEvents: maximumEvents, maximumBytes: maximumBytes) {
                case .events(let batch): return batch
                case .skipped: await Task.yield()
                case .idle: await signal.wait(isolation: actor)
                case .compacted(let revision): throw .compacted(revision)
                }
            }
            return nil
        }
    }
}
