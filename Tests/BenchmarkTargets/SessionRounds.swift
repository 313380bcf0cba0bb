import MeshCore
import MeshStore
import MeshWatcher
import MeshWire

/// A stream with many watches of the same range, to which one segment after another is announced.
public final class SessionRounds {
    private var machine: WatchSessionStateMachine
    private let group: WatchGroupID?
    private var segments: ArraySlice<EncodedSegment>

    /// Creates the watches, and encodes the segments of so many rounds: each of one event.
    ///
    /// - Throws: what the store refuses.
    public init(watches: Int, rounds: Int) throws {
        let store = KVStore(identity: StoreIdentity(clusterID: .max / 3, memberID: .max / 5))
        var limits = WatcherLimits()
        limits.watchesPerStream = watches
        var machine = WatchSessionStateMachine(
            identity: store.identity,
            readable: KeyRangeSet([.all]),
            settings: WatchSessionSettings(limits)
        )
        var joined: WatchGroupID?
        for _ in 0..<watches {
            _ = machine.createRequested(WatchCreateRequest(BenchmarkPairs.range), store: store.revision)
            for action in machine.takeShardActions() {
                guard case .join(let group, _) = action else { continue }
                machine.joined(group, announced: store.revision)
                joined = group
            }
            // Its answer.
            while case .send = machine.next(store: store.revision) {}
        }
        self.machine = machine
        group = joined
        var made: [EncodedSegment] = []
        var cursor = WatchCursor(BenchmarkPairs.range, from: store.revision.next)
        for key in BenchmarkPairs.keys(rounds) {
            let revision = try store.put(key, BenchmarkPairs.value)
            guard case .events(let batch) = store.reader.step(&cursor, maximumEvents: 64, maximumBytes: 1 << 16)
            else { continue }
            made.append(EncodedSegment(batch, from: revision))
        }
        segments = made[...]
    }

    /// Announces the next segment, takes all messages that it makes, and returns their number.
    public func round() -> Int {
        guard let segment = segments.popFirst(), let group else { return 0 }
        machine.announced(group, segment, through: segment.last)
        var messages = 0
        while case .send = machine.next(store: segment.last) { messages += 1 }
        return messages
    }
}
