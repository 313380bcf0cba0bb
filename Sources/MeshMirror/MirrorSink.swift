public import MeshCore
public import MeshRecords

/// Gets what a mirror takes from its peer, as bytes, for copying it on.
///
/// One call is made at a time, in the order in which things happened, by the mirror's tasks. None may wait: while one
/// lasts, the mirror does nothing else.
public protocol MirrorSink: Sendable {
    /// The peer is known, with its number: before the first of its records, and again when its config changed.
    func peerIdentified(_ config: ClusterConfig)

    /// Records were written or deleted; only what was accepted as a record of the peer's, in order.
    func apply(_ changes: [MirroredPair])

    /// All records of a kind have been told: on every connection, and whenever they had to be listed again.
    func synchronized(_ kind: RecordKind)

    /// Services and service exports are gone, as the peer was away for too long
    /// (``MirrorConfiguration/serviceTimeToLive``).
    func servicesExpired()

    /// Everything of the peer is gone: it was removed, or it has another number.
    func withdrawn()
}

/// A record of a peer, as the peer's store has it.
public enum MirroredPair: Hashable, Sendable {
    /// It was written. `value` is the pair in the peer's store, byte by byte.
    case put(RecordKey, value: KeyValue)
    /// It is gone.
    case delete(RecordKey)
}
