internal import MeshCore

/// A watch of a stream, as its session knows it: a member of its group, or *lagging*, which reads history for itself
/// until it has reached the group's place.
struct SessionWatch: SlotElement, Sendable {
    let id: Int64
    /// The first revision that the watch still has to be sent: of a member, only where the group's place is before it.
    var next: Revision
    /// Its place among the members, or among the lagging ones.
    var links = SlotLinks()
    /// The slot of its group.
    var group = SlotLine.nobody
    let wantsFragments: Bool
    let wantsProgress: Bool
    var isMember = false
    /// Whether it begins in the past, and so has to learn first whether that is still there.
    var mustRead: Bool

    static var vacant: SessionWatch {
        SessionWatch(id: 0, next: .none, wantsFragments: false, wantsProgress: false, mustRead: false)
    }
}

/// The watches of a stream that have the same subscription.
///
/// Everything before `next` has been sent to every member, or needs not be sent to it. What comes behind is announced
/// by the shard. Sending a slice of it to all members is a *round*: one message each, in the order of their line, from
/// `cursor` on; a watch that joins meanwhile stands at the end, and its own `next` tells what it lacks.
struct WatchGroup: SlotElement, Sendable {
    let id: WatchGroupID
    let subscription: WatchSubscription
    /// The first revision that is still to be sent; ``unknown`` until the shard has said what it will announce.
    var next = WatchGroup.unknown
    /// Up to where there are events for the group, as far as it has been told.
    var announcedThrough = Revision.none
    /// What is being sent; `nil` between rounds.
    var slice: SegmentSlice?
    /// The member whose turn it is in the round.
    var cursor = SlotLine.nobody
    var members = SlotLine()
    /// How many watches belong to the group, the lagging ones included.
    var watchCount: Int32 = 0
    /// Its place among the groups that have something to send or to read.
    var links = SlotLinks()
    var isLinedUp = false

    /// No watch gets there.
    static var unknown: Revision { Revision(.max) }

    static var vacant: WatchGroup {
        WatchGroup(id: WatchGroupID(rawValue: 0), subscription: .none)
    }
}

extension WatchSubscription {
    fileprivate static let none = WatchSubscription(KeyRange(from: Key([]), to: .single))
}

extension WatchGroupID {
    /// A million groups at a time (``WatcherLimits/watchesPerStream``), and so many one after another that a client
    /// that makes a million a second needs half a year to use them up.
    private static var slotBits: UInt64 { 20 }

    init(serial: UInt64, slot: Int32) {
        self.init(rawValue: serial << Self.slotBits | UInt64(UInt32(bitPattern: slot)))
    }

    /// Where the session keeps the group.
    var slot: Int { Int(rawValue & (1 << Self.slotBits - 1)) }
}

/// What a session asks of its stream's shard, to be done before anything else is told to the session.
package enum WatchShardAction: Hashable, Sendable {
    /// A new group takes part: ask the shard, and answer with ``WatchSessionStateMachine/joined(_:announced:)``.
    case join(WatchGroupID, WatchSubscription)
    /// A group has ended.
    case leave(WatchGroupID, WatchSubscription)
    /// The session wants to know how far the idle groups are: ``WatchSessionStateMachine/synced(through:groupsUpTo:)``.
    case requestSync
}
