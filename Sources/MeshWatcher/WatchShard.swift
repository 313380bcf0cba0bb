internal import DequeModule
internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import Synchronization

/// The groups of watches of a server's streams on one shard of the transport, to which it announces events.
///
/// ``WatchShardState`` decides; this is its lock, its clock and the sweeps, which run on the shard's sending thread. A
/// sweep looks at what changed in the store, takes the subscriptions that are due, encodes a segment for each and
/// announces it to their groups, a portion of streams at a time: then other work of the thread has its turn, and the
/// sweep goes on behind it. A commit leaves a flag, and not even that while it could change nothing or is looked at
/// together with others.
///
/// Members call this under their own locks; they are called under none.
final class WatchShard: Sendable {
    /// How many groups are told something before the thread's other work has its turn.
    static let groupsPerPortion = 64

    /// How many changes of the store are looked at before that; joining waits as long.
    static let changesPerPortion = 1_024

    /// How many stretches of history without an event one announcement passes over.
    private static let readsPerAnnouncement = 4

    /// An announcement that has not been told to all its groups.
    private struct UnderWay: Sendable {
        let announcement: WatchShardState<WatchMemberReference>.Announcement
        let segment: EncodedSegment?
        /// All events up to it are announced.
        let through: Revision
        /// How many groups have been told.
        var told = 0
        /// How many watches these have.
        var watches = 0

        var isTold: Bool { told == announcement.seats.count }
    }

    /// What this shard's streams are sent is encoded here, once for all of them.
    let segments: SegmentCache

    private let reader: StoreReader
    private let now: @Sendable () -> Duration
    private let trigger: any SweepTrigger
    private let state: Locked<WatchShardState<WatchMemberReference>>
    /// Only the thread that sweeps works on it; ``stop()`` drops it.
    private let underWay = Locked<Deque<UnderWay>>([])
    /// Whether a commit must have a sweep done. Set under the lock and before the store is looked at, cleared under the
    /// lock: a commit that finds it cleared is seen by whoever sets it next, as both go through the store's own lock.
    private let wantsCommits = Atomic<Bool>(true)

    /// - Parameters:
    ///   - now: a clock that only goes forward.
    ///   - makeTrigger: makes what has the sweep done that it is given.
    init(
        reader: StoreReader,
        limits: WatcherLimits,
        now: @escaping @Sendable () -> Duration,
        makeTrigger: (@escaping @Sendable () -> Void) -> any SweepTrigger
    ) {
        self.reader = reader
        self.now = now
        segments = SegmentCache(reader: reader, limits: limits)
        state = Locked(WatchShardState(reader.changes, limits: limits))
        let target = SweepTarget()
        trigger = makeTrigger { target.shard?.sweep() }
        target.set(self)
    }

    /// Sweeps on the sending thread of a shard of the transport.
    convenience init(reader: StoreReader, limits: WatcherLimits, on shard: RPCShard) {
        let clock = ContinuousClock()
        let start = clock.now
        self.init(reader: reader, limits: limits, now: { start.duration(to: clock.now) }) {
            SendingThreadTrigger(on: shard, start: start, $0)
        }
    }

    // MARK: - What members say

    /// Takes a group in. All events after the returned revision will be announced to it.
    func join(
        _ member: any WatchShardMember,
        _ group: WatchGroupID,
        _ subscription: WatchSubscription
    ) -> Revision {
        let (announced, isBehind) = state.withLock { state in
            wantsCommits.store(true, ordering: .relaxed)
            let changes = reader.changes
            let announced = state.join(WatchMemberReference(member), group, subscription, changes)
            return (announced, state.isBehind(changes))
        }
        if isBehind { trigger.schedule() }
        return announced
    }

    /// A group has ended: from now on nothing new is announced to it.
    func leave(_ member: any WatchShardMember, _ group: WatchGroupID, _ subscription: WatchSubscription) {
        state.withLock { $0.leave(WatchMemberReference(member), group, subscription) }
    }

    /// Has a member told how far its groups are, once they are as far as the store is now.
    func requestSync(_ member: any WatchShardMember) {
        state.withLock { $0.requestSync(WatchMemberReference(member), reader.changes) }
        trigger.schedule()
    }

    /// Forgets a member and its groups. It may be told something once more, by a sweep that is under way.
    func remove(_ member: any WatchShardMember) {
        state.withLock { $0.remove(WatchMemberReference(member)) }
    }

    // MARK: - What the server says

    /// The store has a new revision. Cheap: called on the thread that committed.
    func commit() {
        if wantsCommits.load(ordering: .relaxed) { trigger.schedule() }
    }

    /// No sweep begins any more, and nothing is held that was to be announced.
    func stop() {
        trigger.cancel()
        let dropped = underWay.withLock { underWay in
            defer { underWay = [] }
            return underWay
        }
        _ = consume dropped
    }

    /// What the shard has done and how far it is. O(subscriptions).
    var figures: WatchShardFigures {
        let head = reader.head
        return state.withLock { state in
            WatchShardFigures(
                members: state.memberCount,
                subscriptions: state.count,
                announcements: state.announcements,
                announcedGroups: state.announcedGroups,
                largestLag: state.oldestPending.map { head.revision.rawValue - $0.previous.rawValue } ?? 0
            )
        }
    }
}

// MARK: - Sweeping

extension WatchShard {
    private struct Beginning: Sendable {
        var announcements: [WatchShardState<WatchMemberReference>.Announcement] = []
        var unaware: [WatchMemberReference] = []
        var hasMore = false
    }

    /// Does a portion of what is due, and schedules itself for the rest. On the sending thread, never twice at a time.
    func sweep() {
        var underWay = self.underWay.withLock { underWay in
            defer { underWay = [] }
            return underWay
        }
        let beginning = begin(maximum: Self.groupsPerPortion - underWay.count)
        for reference in beginning.unaware { reference.member.historyReplaced() }
        for announcement in beginning.announcements { underWay.append(prepare(announcement)) }
        let told = tell(&underWay)
        let isUnfinished = !underWay.isEmpty
        self.underWay.withLock { [underWay] in $0 = underWay }
        end(told, hasMore: beginning.hasMore || isUnfinished)
    }

    private func begin(maximum: Int) -> Beginning {
        state.withLock { state in
            wantsCommits.store(true, ordering: .relaxed)
            let changes = reader.changes
            let now = self.now()
            var beginning = Beginning()
            let isCut = state.look(at: changes, now: now, maximum: Self.changesPerPortion)
            while beginning.announcements.count < maximum, let announcement = state.take(now: now) {
                beginning.announcements.append(announcement)
            }
            beginning.unaware = state.takeUnaware(maximum: Self.groupsPerPortion)
            beginning.hasMore = isCut || state.hasUnaware
            return beginning
        }
    }

    /// Encodes what is to be announced.
    private func prepare(_ announcement: WatchShardState<WatchMemberReference>.Announcement) -> UnderWay {
        var next = announcement.first
        for _ in 0..<Self.readsPerAnnouncement {
            switch segments.read(announcement.subscription, from: next, in: announcement.origin) {
            case .events(let slice):
                let through = max(announcement.through, slice.segment.last)
                return UnderWay(announcement: announcement, segment: slice.segment, through: through)
            case .nothing(let last) where last >= announcement.through:
                let told = announcement.seats.count
                return UnderWay(announcement: announcement, segment: nil, through: last, told: told)
            case .nothing(let last):
                next = last.next
            case .compacted:
                return UnderWay(announcement: announcement, segment: nil, through: announcement.through)
            }
        }
        return UnderWay(announcement: announcement, segment: nil, through: announcement.through)
    }

    /// Tells a portion of the groups, those of the subscription first that has waited longest.
    ///
    /// - Returns: the announcements that are done with.
    private func tell(_ underWay: inout Deque<UnderWay>) -> [UnderWay] {
        var room = Self.groupsPerPortion
        var recipients: [WatchMemberReference] = []
        var done: [UnderWay] = []
        let count = underWay.count
        for _ in 0..<count where room > 0 {
            guard var next = underWay.popFirst() else { break }
            let seats = next.announcement.seats
            let end = min(seats.count, next.told + room)
            for seat in seats[next.told..<end] {
                next.watches += seat.member.member.announced(seat.group, next.segment, through: next.through)
                recipients.append(seat.member)
            }
            room -= end - next.told
            next.told = end
            if next.isTold { done.append(next) } else { underWay.append(next) }
        }
        // A stream that was told several things sends them in one run.
        if count > 1 { recipients = Array(Set(recipients)) }
        for recipient in recipients { recipient.member.send() }
        return done
    }

    private func end(_ done: [UnderWay], hasMore: Bool) {
        let (synced, isDue, nextTime) = state.withLock { state in
            let now = self.now()
            for finished in done {
                state.finish(finished.announcement, through: finished.through, watches: finished.watches, now: now)
            }
            let synced = state.takeSynced()
            if !state.wantsCommits { wantsCommits.store(false, ordering: .relaxed) }
            let nextTime = state.nextTime
            return (synced, hasMore || nextTime.map { $0 <= now } ?? false, nextTime)
        }
        for sync in synced { sync.member.member.synced(through: sync.through, groupsUpTo: sync.last) }
        if isDue {
            trigger.schedule()
        } else if let nextTime {
            trigger.schedule(at: nextTime)
        }
    }
}

// MARK: - Parts

/// What a shard has done, and how far it is.
package struct WatchShardFigures: Hashable, Sendable {
    /// The streams that have watches, and the different subscriptions of these.
    package var members: Int
    package var subscriptions: Int
    /// How often a subscription's events were announced, and to how many groups in all.
    package var announcements: Int
    package var announcedGroups: Int
    /// How many revisions the oldest event that is not announced is behind the store, itself included.
    package var largestLag: Int64
}

/// A member by its identity.
struct WatchMemberReference: Hashable, Sendable {
    let member: any WatchShardMember

    init(_ member: any WatchShardMember) {
        self.member = member
    }

    static func == (left: WatchMemberReference, right: WatchMemberReference) -> Bool { left.member === right.member }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(member)) }
}

/// The way from a trigger to its shard, which does not keep the shard alive.
private final class SweepTarget: Sendable {
    private struct Target: Sendable {
        weak var shard: WatchShard?
    }

    private let target = Locked(Target())

    var shard: WatchShard? { target.withLock { $0.shard } }

    func set(_ shard: WatchShard) {
        target.withLock { $0.shard = shard }
    }
}
