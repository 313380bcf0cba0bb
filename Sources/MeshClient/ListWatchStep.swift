public import MeshCore

/// What the owner of a ``ListWatchStateMachine`` does after an event: apply first, then go on.
public struct ListWatchStep: Hashable, Sendable {
    /// What comes next.
    public enum Next: Hashable, Sendable {
        /// Send this read, linearizable, and report its answer or error.
        case range(RangeRequest)
        /// Open a watch of the machine's range from this revision on, and report its messages.
        case watch(from: Revision)
        /// Wait for the watch's next message.
        case wait
        /// Give up the connection and report `disconnected`.
        case abort(FollowError)
    }

    /// The changes to apply; `nil` if there are none and the complete revision stays what it was.
    public var batch: FollowedBatch?

    /// Why a listing begins with this step; `nil` if none does.
    public var beginsListing: ListingCause?

    /// What comes next.
    public var next: Next
}
