import MeshCore
import MeshStore
import MeshWatcher

/// The shard of a session that is played: it finds out what has events (*matched*), sends word of it later, and that
/// arrives later still.
struct FuzzedShard {
    private struct Place {
        /// Everything up to here has been announced.
        var announced: Revision
        /// The first revision that has events and is not announced.
        var pending: Revision?
    }

    private enum Notice {
        case announced(WatchGroupID, EncodedSegment?, through: Revision)
        case synced(through: Revision, groupsUpTo: WatchGroupID)
    }

    private let reader: StoreReader
    private let segments: SegmentCache
    private var matched: Revision
    private var places: [WatchSubscription: Place] = [:]
    /// The groups in the order in which they joined.
    private var groups: [(id: WatchGroupID, subscription: WatchSubscription)] = []
    private var newestGroup = WatchGroupID(rawValue: 0)
    private var syncTarget: Revision?
    private var notices: [Notice] = []

    init(reader: StoreReader, segments: SegmentCache) {
        self.reader = reader
        self.segments = segments
        matched = reader.revision
    }

    /// Whether the session waits to be told how far it is.
    var isOwedASum: Bool { syncTarget != nil }

    /// Does what the session asks.
    mutating func settle(_ session: inout WatchSessionStateMachine) {
        for action in session.takeShardActions() {
            switch action {
            case .join(let id, let subscription):
                groups.append((id, subscription))
                newestGroup = id
                if places[subscription] == nil { places[subscription] = Place(announced: matched) }
                session.joined(id, announced: reached(subscription))
            case .leave(let id, let subscription):
                groups.removeAll { $0.id == id }
                places[subscription] = nil
            case .requestSync:
                syncTarget = reader.revision
            }
        }
    }

    /// Finds out which subscriptions have events among what is new.
    mutating func match() {
        let present = reader.revision
        for (subscription, place) in places where place.pending == nil {
            var cursor = WatchCursor(subscription.range, from: matched.next, options: subscription.options)
            step: while true {
                switch reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) {
                case .events(let batch):
                    places[subscription]?.pending = batch.events.first?.revision
                    break step
                case .compacted:
                    // What there was is gone: the watches find that out for themselves.
                    if matched < present { places[subscription]?.pending = matched.next }
                    break step
                case .skipped: continue
                case .idle: break step
                }
            }
        }
        matched = present
    }

    /// Sends word of what is pending, or of the first, third, … of it.
    mutating func announce(everyOther: Bool) {
        var isLeftOut = false
        for (id, subscription) in groups {
            guard let place = places[subscription], place.pending != nil else { continue }
            defer { isLeftOut = everyOther && !isLeftOut }
            if isLeftOut { continue }
            places[subscription] = Place(announced: matched)
            var segment: EncodedSegment?
            if case .events(let slice) = segments.read(subscription, from: place.announced.next) {
                segment = slice.segment
            }
            notices.append(.announced(id, segment, through: matched))
        }
    }

    /// Sends word of how far all groups are, if the session asked.
    mutating func sumUp() {
        guard let target = syncTarget else { return }
        let last = groups.reduce(matched) { min($0, reached($1.subscription)) }
        notices.append(.synced(through: last, groupsUpTo: newestGroup))
        if last >= target { syncTarget = nil }
    }

    /// Has the first word arrive; false if none is on its way.
    @discardableResult
    mutating func deliver(to session: inout WatchSessionStateMachine) -> Bool {
        guard !notices.isEmpty else { return false }
        switch notices.removeFirst() {
        case .announced(let group, let segment, let last): session.announced(group, segment, through: last)
        case .synced(let last, let group): _ = session.synced(through: last, groupsUpTo: group)
        }
        return true
    }

    /// Everything of a subscription up to here has been announced, or is no event of it.
    private func reached(_ subscription: WatchSubscription) -> Revision {
        places[subscription]?.pending.map(\.previous) ?? matched
    }
}
