internal import MeshCore
internal import MeshRecords
internal import MeshStore

/// Follows what the own cluster says, in its store and through its publisher, and hands it on in order.
struct LocalRecordsFollower {
    /// The most events and bytes that are taken from the store before they are handed on.
    private static let maximumEvents = 1_024
    private static let maximumBytes = 1 << 20

    private let reader: StoreReader
    private let publisher: LocalPublisher?
    private var records: LocalRecords

    init(_ records: LocalRecords, reader: StoreReader, publisher: LocalPublisher?) {
        self.records = records
        self.reader = reader
        self.publisher = publisher
    }

    /// Hands on what there is, then that this is all, then what changes, until the task is cancelled.
    ///
    /// - Parameter restarted: Called when the store's history no longer reaches back to where this was: more was written
    ///   than it holds while this task waited for its turn. All of it is looked at again, and what differs handed on.
    mutating func run(_ handOn: (LocalRecords.Outcome) -> Void, restarted: () -> Void) async {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let commits = reader.onCommit { wake.yield() }
        defer {
            commits.cancel()
            publisher?.unfollow()
        }
        if let publisher { handOn(records.publish(publisher.follow { wake.yield() })) }
        var cursor = start(handOn)
        var iterator = wakes.makeAsyncIterator()
        while !Task.isCancelled {
            if let publisher { handOn(records.publish(publisher.takeChanges())) }
            switch reader.step(&cursor, maximumEvents: Self.maximumEvents, maximumBytes: Self.maximumBytes) {
            case .events(let batch):
                handOn(records.apply(batch.events))
                await Task.yield()
            case .skipped:
                await Task.yield()
            case .idle:
                guard await iterator.next() != nil else { return }
            case .compacted:
                restarted()
                cursor = start(handOn)
            }
        }
    }

    private mutating func start(_ handOn: (LocalRecords.Outcome) -> Void) -> WatchCursor {
        let range = KeyRange.prefix(KeyLayout.state)
        let snapshot = reader.snapshot()
        var outcome = records.reset(to: snapshot.pairs(in: range))
        outcome.updates.append(.current(records.cluster))
        handOn(outcome)
        return WatchCursor(range, from: snapshot.revision.next, options: WatchOptions(), in: snapshot.origin)
    }
}
