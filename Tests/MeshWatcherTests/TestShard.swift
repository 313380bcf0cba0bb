import MeshCore
import MeshStore

@testable import MeshWatcher

/// A shard's decisions, over a store, with names for streams and a time that the test tells.
final class TestShard {
    let store = KVStore()
    let reader: StoreReader
    var state: WatchShardState<String>
    var now = Duration.seconds(100)

    /// Over the store of the shard's own, unless another reader is given.
    init(_ reader: StoreReader? = nil, _ configure: (inout WatcherLimits) -> Void = { _ in }) {
        var limits = WatcherLimits()
        configure(&limits)
        self.reader = reader ?? store.reader
        state = WatchShardState(self.reader.changes, limits: limits)
    }

    func join(_ member: String, _ group: UInt64, _ range: KeyRange, _ options: WatchOptions = WatchOptions())
        -> Revision
    {
        state.join(
            member, WatchGroupID(rawValue: group), WatchSubscription(range, options: options), reader.changes)
    }

    func leave(_ member: String, _ group: UInt64, _ range: KeyRange) {
        state.leave(member, WatchGroupID(rawValue: group), WatchSubscription(range))
    }

    @discardableResult
    func look(maximum: Int = 1_000) -> Bool {
        state.look(at: reader.changes, now: now, maximum: maximum)
    }

    func take() -> WatchShardState<String>.Announcement? { state.take(now: now) }

    /// Looks, and does all that is due at once; who was told what.
    @discardableResult
    func sweep() -> [String] {
        look()
        var told: [String] = []
        while let next = take() {
            told.append(describe(next))
            state.finish(next, through: next.through, watches: next.seats.count, now: now)
        }
        return told
    }

    func describe(_ announcement: WatchShardState<String>.Announcement) -> String {
        let groups = announcement.seats.map { "\($0.member)\($0.group.rawValue)" }.joined(separator: ",")
        return "\(announcement.subscription.range) \(announcement.first)-\(announcement.through) \(groups)"
    }

    func unaware(maximum: Int = 100) -> [String] { state.takeUnaware(maximum: maximum) }

    func sync(_ member: String) { state.requestSync(member, reader.changes) }

    func synced() -> [String] {
        state.takeSynced().map { "\($0.member) \($0.through) up to \($0.last.rawValue)" }
    }
}
