internal import HeapModule
package import MeshCore
package import MeshStore

/// Decides for one shard which subscriptions have events, when they are announced and to whom, and who is told how far
/// the shard is. It has no clock and no lock, and calls nobody; `Member` is a stream of watches, or what a test takes
/// for one.
///
/// A *subscription* is a range with options, however many groups of watches have it. All changes of the store up to
/// ``matched`` have been matched to subscriptions; one that has a change which it was not announced is *pending* since
/// that change's revision. Nothing here is O(subscriptions) or O(members) for a commit or a sweep, but only in what they
/// concern.
///
/// One example, with a subscription to `a/*` that has two groups:
///
///     look(at: …12)        a/1 changed at 11: pending since 11
///     take(now)            → announce 11… through 12 to both groups; nothing is pending
///     join(third)          → 12: what comes behind it will be announced to the third
///     look(at: …14)        a/2 changed at 14: pending since 14, due once the pace allows it
///     finish(through: 13)  the segment reached 13, but the third group was not sent it: still announced up to 12
///     take(then)           → announce 14… through 14 to three groups
package struct WatchShardState<Member: Hashable & Sendable>: Sendable {
    /// A group that has a subscription.
    package struct Seat: Hashable, Sendable {
        package let member: Member
        package let group: WatchGroupID
    }

    /// The events of a subscription that are to be announced now.
    package struct Announcement: Sendable {
        package let subscription: WatchSubscription
        /// The first revision that has an event; what comes before it was announced, or has none.
        package let first: Revision
        /// All events up to this revision are announced hereby.
        package let through: Revision
        /// To whom: the groups that had joined when the announcement was made.
        package let seats: [Seat]
        /// Which history the revisions are of.
        package let origin: StoreOrigin
        let place: Int
        let serial: UInt64
        let began: Duration
    }

    /// What a member is told that asked how far the shard is.
    package struct Sync: Hashable, Sendable {
        package let member: Member
        /// All events up to this revision have been announced to the member's groups up to ``last``.
        package let through: Revision
        package let last: WatchGroupID
    }

    struct Subscription: Sendable {
        var subscription: WatchSubscription
        /// Tells this one from others that had the same place; 0 for nobody.
        var serial: UInt64
        var seats: [Seat] = []
        /// All events up to this revision were announced to all groups, or come before they joined.
        var announced: Revision
        /// The first revision with an event that is not announced.
        var pending: Revision?
        /// Whether an announcement was taken that is not finished.
        var isBeingSwept = false
        /// Whether a group has joined since that was taken.
        var wasJoined = false
        var pace = SweepPace()
    }

    struct Joined: Sendable {
        /// The places of its subscriptions.
        var places: [Int32] = []
        /// The group that joined last.
        var last = WatchGroupID(rawValue: 0)
        /// What the member waits for that asked how far the shard is.
        var target: Revision?
        /// How many of its places have been seen to be that far.
        var seen = 0
    }

    /// When a pending subscription is to be announced.
    struct Due: Comparable, Sendable {
        let time: Duration
        let serial: UInt64
        let place: Int

        static func < (left: Due, right: Due) -> Bool { (left.time, left.serial) < (right.time, right.serial) }
    }

    /// While commits come faster than this, they are looked at together, that much later at most: a store that many
    /// write to would else be looked at after each of its commits, which costs its writer and the shard more than the
    /// commit itself.
    static var lookInterval: Duration { .microseconds(100) }

    let limits: WatcherLimits
    var subscriptions: [Subscription] = []
    var free: [Int] = []
    var index = SubscriptionIndex()
    var members: [Member: Joined] = [:]
    /// The pending subscriptions that are not being swept; and some that have ended, until their time comes.
    var due = Heap<Due>()
    /// The members that asked how far the shard is.
    var askers: [Member] = []
    /// Those of them that have no group, and may be told anything.
    var strangers: [Member] = []
    /// The members that have not been told that another history has begun.
    var unaware: [Member] = []
    var lastSerial: UInt64 = 0
    /// The history that all revisions here are of.
    var origin: StoreOrigin
    /// Where in the store's changes the next look begins.
    var position: Int

    /// When the store was looked at last.
    private var lastLook: Duration?
    /// Whether there was more than one commit in an interval, and at every look since.
    private var isBusy = false

    /// The revision up to which all changes have been matched to subscriptions.
    package private(set) var matched: Revision

    /// The number of pending subscriptions.
    package internal(set) var pendingCount = 0

    /// How many announcements have been taken, and to how many groups.
    package internal(set) var announcements = 0
    package internal(set) var announcedGroups = 0

    /// Nobody has subscribed to anything.
    package init(_ changes: StoreChanges, limits: WatcherLimits) {
        self.limits = limits
        origin = changes.head.origin
        matched = changes.head.revision
        position = changes.endPosition
    }

    /// The number of subscriptions.
    package var count: Int { index.count }

    /// The number of members that have groups.
    package var memberCount: Int { members.count }

    /// Whether a commit must be looked at as soon as it comes: not while every subscription is pending, nor while commits
    /// come so fast that they are looked at together.
    package var wantsCommits: Bool { hasUnpending && !isBusy }

    /// When there is something to do next, if nothing happens: announcements, or a look at the store.
    package var nextTime: Duration? {
        let nextLook = isBusy && hasUnpending ? lastLook.map { $0 + Self.lookInterval } : nil
        guard let nextDue = due.min?.time else { return nextLook }
        return min(nextDue, nextLook ?? nextDue)
    }

    private var hasUnpending: Bool { pendingCount < count }

    /// Whether there is anything to do before the next commit or the next time: changes to look at, members to tell.
    package func isBehind(_ changes: StoreChanges) -> Bool { matched < changes.head.revision || hasUnaware }

    /// Whether there are members that have not been told that another history has begun.
    package var hasUnaware: Bool { !unaware.isEmpty }

    /// The first revision that is not announced to everybody. O(subscriptions).
    package var oldestPending: Revision? { subscriptions.lazy.compactMap(\.pending).min() }
}

// MARK: - The store's changes

extension WatchShardState {
    /// Matches changes of the store to subscriptions.
    ///
    /// - Parameters:
    ///   - changes: the store's; never those of an earlier moment than before.
    ///   - now: the time, by any clock that only goes forward.
    ///   - maximum: how many changes are looked at at most.
    /// - Returns: whether there are more to look at.
    package mutating func look(at changes: StoreChanges, now: Duration, maximum: Int) -> Bool {
        observe(changes)
        noteLook(at: changes, now: now)
        // Whoever is pending is sent everything up to the moment in which it is announced.
        guard hasUnpending else {
            skip(to: changes)
            return false
        }
        var place = position
        var found: [Int] = []
        let complete = changes.visit(from: &place, maximum: maximum) { key, revision, kind in
            index.match(key, into: &found)
            for subscription in found { changed(subscription, at: revision, kind, now: now) }
            found.removeAll(keepingCapacity: true)
        }
        guard let complete else {
            // History was trimmed of what was not looked at: everybody may have missed something.
            for place in subscriptions.indices where subscriptions[place].serial != 0 {
                makePending(place, since: matched.next, now: now)
            }
            skip(to: changes)
            return false
        }
        position = place
        matched = max(matched, complete)
        return position < changes.endPosition
    }

    private mutating func noteLook(at changes: StoreChanges, now: Duration) {
        // Timers are late.
        let limit = Self.lookInterval * (isBusy ? 10 : 1)
        isBusy = matched < changes.head.revision && lastLook.map { now - $0 < limit } ?? false
        lastLook = now
    }

    /// Notes which history the store is in.
    mutating func observe(_ changes: StoreChanges) {
        guard changes.head.origin.generation != origin.generation else { return }
        origin = changes.head.origin
        skip(to: changes)
        due = Heap()
        pendingCount = 0
        for place in subscriptions.indices where subscriptions[place].serial != 0 {
            // What is under way is of the history before.
            lastSerial += 1
            subscriptions[place].serial = lastSerial
            subscriptions[place].announced = matched
            subscriptions[place].pending = nil
            subscriptions[place].isBeingSwept = false
        }
        for member in askers {
            members[member]?.target = matched
            members[member]?.seen = 0
        }
        unaware = Array(members.keys)
    }

    mutating func skip(to changes: StoreChanges) {
        matched = changes.head.revision
        position = changes.endPosition
    }

    private mutating func changed(_ place: Int, at revision: Revision, _ kind: WatchEvent.Kind, now: Duration) {
        let options = subscriptions[place].subscription.options
        switch kind {
        case .put: guard options.includesPuts else { return }
        case .delete: guard options.includesDeletes else { return }
        }
        guard revision > subscriptions[place].announced else { return }
        makePending(place, since: revision, now: now)
    }

    private mutating func makePending(_ place: Int, since revision: Revision, now: Duration) {
        guard subscriptions[place].pending == nil else { return }
        subscriptions[place].pending = revision
        pendingCount += 1
        if !subscriptions[place].isBeingSwept { lineUp(place, now: now) }
    }

    private mutating func lineUp(_ place: Int, now: Duration) {
        let subscription = subscriptions[place]
        due.insert(Due(time: max(now, subscription.pace.earliest), serial: subscription.serial, place: place))
    }
}

// MARK: - Announcements

extension WatchShardState {
    /// What is to be announced next, if its time has come; ``finish(_:through:watches:now:)`` must follow.
    package mutating func take(now: Duration) -> Announcement? {
        while let next = due.min, next.time <= now {
            due.removeMin()
            let place = next.place
            guard subscriptions[place].serial == next.serial, let first = subscriptions[place].pending else { continue }
            let through = max(matched, first)
            subscriptions[place].pending = nil
            subscriptions[place].announced = through
            subscriptions[place].isBeingSwept = true
            subscriptions[place].wasJoined = false
            pendingCount -= 1
            announcements += 1
            announcedGroups += subscriptions[place].seats.count
            return Announcement(
                subscription: subscriptions[place].subscription,
                first: first,
                through: through,
                seats: subscriptions[place].seats,
                origin: origin,
                place: place,
                serial: next.serial,
                began: now
            )
        }
        return nil
    }

    /// An announcement has been told to all its groups.
    ///
    /// - Parameters:
    ///   - reached: the last revision that was announced with it.
    ///   - watches: how many watches its groups have.
    package mutating func finish(_ announcement: Announcement, through reached: Revision, watches: Int, now: Duration) {
        let place = announcement.place
        guard subscriptions[place].serial == announcement.serial else { return }
        subscriptions[place].isBeingSwept = false
        subscriptions[place].pace.swept(
            at: announcement.began,
            streams: announcement.seats.count,
            watches: watches,
            pace: limits.pace,
            maximum: limits.maximumPace
        )
        // A group that came meanwhile was promised all that comes behind the announcement itself.
        if !subscriptions[place].wasJoined, reached > subscriptions[place].announced {
            subscriptions[place].announced = reached
            if let pending = subscriptions[place].pending, pending <= reached {
                subscriptions[place].pending = matched > reached ? reached.next : nil
                if matched <= reached { pendingCount -= 1 }
            }
        }
        if subscriptions[place].pending != nil { lineUp(place, now: now) }
    }

    /// The members that are to be told that another history has begun, each once.
    package mutating func takeUnaware(maximum: Int) -> [Member] {
        defer { unaware.removeLast(min(maximum, unaware.count)) }
        return Array(unaware.suffix(maximum))
    }
}
