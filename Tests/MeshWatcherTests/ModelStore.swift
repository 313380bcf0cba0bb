import MeshCore
import TestSupport
import Testing

@testable import MeshWatcher

/// A store as a session sees it: its revision, its compaction, and some events of each subscription at some revisions.
struct ModelStore {
    static let subscriptions = [KeyRange.all, .key("a"), .key("b")].map { WatchSubscription($0) }

    var revision: Int64 = 1
    var compacted: Int64 = 0
    /// How many events each revision has for each subscription; the first revision is at index 0.
    private var eventCounts: [[WatchSubscription: Int]] = [[:]]

    mutating func commit(_ numbers: inout SplitMix64) {
        revision += 1
        var counts: [WatchSubscription: Int] = [:]
        for subscription in Self.subscriptions where Bool.random(using: &numbers) {
            counts[subscription] = Int.random(in: 1...3, using: &numbers)
        }
        eventCounts.append(counts)
    }

    func revisions(of subscription: WatchSubscription, _ range: ClosedRange<Int64>) -> [Int64] {
        range.flatMap { Array(repeating: $0, count: eventCounts[Int($0) - 1][subscription] ?? 0) }
    }

    /// What a read from `next` finds when a batch has at most `length` revisions.
    func read(_ subscription: WatchSubscription, from next: Int64, length: Int64) -> WatchReadResult {
        if next < compacted { return .compacted(Revision(compacted)) }
        if next > revision { return .nothing(upTo: Revision(revision)) }
        let last = min(revision, next + length - 1)
        let found = revisions(of: subscription, next...last)
        if found.isEmpty { return .nothing(upTo: Revision(last)) }
        return .events(SessionFixture.slice(found, first: next, last: last, valueBytes: 300))
    }
}

/// A shard as a session sees it: it finds out what has events (*matched*), announces that later, and its announcements
/// arrive later still.
///
/// What it knows of a subscription is there without the session's group, as if other streams had the same.
struct ModelShard {
    private struct Place {
        /// Everything up to here has been announced.
        var announced: Int64 = 1
        /// The first revision that has events and is not announced.
        var pending: Int64?
    }

    private enum Notice {
        case announced(WatchGroupID, EncodedSegment?, through: Int64)
        case synced(through: Int64, groupsUpTo: WatchGroupID)
    }

    private var places: [WatchSubscription: Place] = [:]
    private var matched: Int64 = 1
    private var groups: [WatchGroupID: WatchSubscription] = [:]
    private var newestGroup = WatchGroupID(rawValue: 0)
    private var syncTarget: Int64?
    private var notices: [Notice] = []

    init() {
        for subscription in ModelStore.subscriptions { places[subscription] = Place() }
    }

    /// Does what the session asks.
    mutating func settle(_ session: inout WatchSessionStateMachine, _ store: ModelStore) {
        for action in session.takeShardActions() {
            switch action {
            case .join(let id, let subscription):
                groups[id] = subscription
                newestGroup = id
                session.joined(id, announced: Revision(reached(subscription)))
            case .leave(let id, _):
                groups[id] = nil
            case .requestSync:
                syncTarget = store.revision
            }
        }
        session.checkInvariants()
    }

    /// Some of a sweep: matches some of what is new, announces some of what is pending, sums up if it was asked to.
    mutating func sweepOn(_ store: ModelStore, _ numbers: inout SplitMix64) {
        match(through: Int64.random(in: matched...store.revision, using: &numbers), store)
        for subscription in ModelStore.subscriptions where Bool.random(using: &numbers) {
            announce(subscription, store, &numbers)
        }
        guard let target = syncTarget, Bool.random(using: &numbers) else { return }
        let last = groups.values.reduce(matched) { min($0, reached($1)) }
        notices.append(.synced(through: last, groupsUpTo: newestGroup))
        if last >= target { syncTarget = nil }
    }

    /// Has one notice arrive.
    mutating func deliver(to session: inout WatchSessionStateMachine) {
        guard !notices.isEmpty else { return }
        switch notices.removeFirst() {
        case .announced(let group, let segment, let last):
            session.announced(group, segment, through: Revision(last))
        case .synced(let last, let group):
            _ = session.synced(through: Revision(last), groupsUpTo: group)
        }
    }

    /// Whether anything is to be matched, announced or delivered yet.
    func hasWork(_ store: ModelStore) -> Bool {
        !notices.isEmpty || syncTarget != nil || matched < store.revision
            || places.values.contains { $0.pending != nil }
    }

    /// Everything of a subscription up to here has been announced, or is no event of it.
    private func reached(_ subscription: WatchSubscription) -> Int64 {
        places[subscription]?.pending.map { $0 - 1 } ?? matched
    }

    private mutating func match(through last: Int64, _ store: ModelStore) {
        guard last > matched else { return }
        for subscription in ModelStore.subscriptions where places[subscription]?.pending == nil {
            places[subscription]?.pending = store.revisions(of: subscription, (matched + 1)...last).first
        }
        matched = last
    }

    private mutating func announce(
        _ subscription: WatchSubscription,
        _ store: ModelStore,
        _ numbers: inout SplitMix64
    ) {
        guard let place = places[subscription], place.pending != nil else { return }
        places[subscription] = Place(announced: matched)
        var segment: EncodedSegment?
        // History may be gone; then, and sometimes else, the groups read for themselves.
        let first = place.announced + 1
        if first >= store.compacted, Int.random(in: 0..<4, using: &numbers) > 0 {
            let last = Int64.random(in: first...matched, using: &numbers)
            let found = store.revisions(of: subscription, first...last)
            segment = SessionFixture.segment(found, first: first, last: last, valueBytes: 300)
        }
        for (id, other) in groups where other == subscription {
            notices.append(.announced(id, segment, through: matched))
        }
    }
}
