package import MeshCore

/// A group of watches of one stream: they have the same subscription, and what is announced goes to all of them.
///
/// The stream's session chooses it, ascending, and never uses one twice, so that what was meant for a group that has
/// ended reaches nobody.
package struct WatchGroupID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: WatchGroupID, right: WatchGroupID) -> Bool { left.rawValue < right.rawValue }
}

/// What a shard tells a stream of watches: which of its groups have events, and how far the others are.
///
/// Called on the shard's sending thread and never under the shard's lock, as members call the shard under their own;
/// only the time may come on any thread. Each call is bounded and does not wait.
package protocol WatchShardMember: AnyObject, Sendable {
    /// The group has events: all of them after the revision that was announced last, up to and including `through`.
    ///
    /// The first ones stand in `segment`, which begins right behind that revision (or before it) and may end before
    /// `through`; without a segment, the group reads all of them for itself. Nothing is sent before ``send()``. A group
    /// that is not there any more takes no notice.
    ///
    /// - Returns: how many watches the group has, each of which is sent a message of its own.
    func announced(_ group: WatchGroupID, _ segment: EncodedSegment?, through: Revision) -> Int

    /// The announcements to this stream are made: what they brought is to be sent, unless a message is on its way.
    func send()

    /// Everything up to and including `through` has been announced to the groups that the stream had joined up to and
    /// including `last`; sends what waited for that.
    ///
    /// Told to those who asked for it, again and again until `through` has reached what the store had when they asked.
    /// `last` is there because a group may join between the moment when this was true and the moment when it is told,
    /// and its subscription may have events that are not announced yet.
    func synced(through: Revision, groupsUpTo last: WatchGroupID)

    /// The store is in another history than before.
    func historyReplaced()

    /// Time has come to `now`, counted from any fixed point; the clock of progress notifications. Any thread.
    func timePassed(now: Duration)
}
