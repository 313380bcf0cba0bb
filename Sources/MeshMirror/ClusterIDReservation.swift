public import MeshCore

/// A cluster's number that another cluster holds.
public struct ClusterIDConflict: Error, Hashable, Sendable, CustomStringConvertible {
    /// Who holds it, for example "ID 3 is taken by peer 'kos'".
    public var message: String

    /// Makes an error.
    public init(message: String) {
        self.message = message
    }

    public var description: String { message }
}

/// Keeps two clusters from having the same number: what a mirror asks before it takes anything from a peer.
///
/// A mirror holds at most one number at a time, from when its peer is identified until it is drained. When a peer's
/// number changes, its records are withdrawn, the old number is released, and then the new one is asked for.
///
/// Both functions are called by the mirror's tasks, one after the other, and must not wait.
public struct ClusterIDReservation: Sendable {
    let reserve: @Sendable (ClusterID) throws(ClusterIDConflict) -> Void
    let release: @Sendable () -> Void

    /// Makes a reservation of one mirror.
    ///
    /// - Parameters:
    ///   - reserve: Takes a number for the peer, or throws who has it.
    ///   - release: Gives back the number that was taken.
    public init(
        reserve: @escaping @Sendable (ClusterID) throws(ClusterIDConflict) -> Void,
        release: @escaping @Sendable () -> Void
    ) {
        self.reserve = reserve
        self.release = release
    }

    /// Every number is free: for a mirror that has no others beside it.
    public static let unchecked = ClusterIDReservation(reserve: { _ throws(ClusterIDConflict) in }, release: {})
}
