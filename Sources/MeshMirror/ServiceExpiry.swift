/// Decides when a lost peer's services are withdrawn: a client should not be sent to backends of which nobody has known
/// for long whether they are still there.
///
/// The time begins with the loss of a peer of which something was taken, and goes on until it is synchronised again,
/// whatever is tried meanwhile. It does not end while the peer is being listed: what it holds is about to be known. After
/// the services were withdrawn it begins anew with the next loss of a peer that was identified again.
struct ServiceExpiry: Sendable {
    typealias Instant = ContinuousClock.Instant

    private enum State {
        /// Nothing was taken yet, or everything is current.
        case quiet
        /// The peer is identified, and something is taken from it; since when it was not current before, if it was not.
        case taking(lostAt: Instant?)
        case lost(at: Instant)
        case expired
    }

    private let timeToLive: Duration?
    private var state = State.quiet

    /// - Parameter timeToLive: For how long services are kept; `nil` for ever.
    init(timeToLive: Duration?) {
        self.timeToLive = timeToLive
    }

    /// The peer was identified on a connection: from here on its records are taken.
    mutating func identified() {
        switch state {
        case .quiet, .expired: state = .taking(lostAt: nil)
        case .lost(let lostAt): state = .taking(lostAt: lostAt)
        case .taking: break
        }
    }

    /// The peer is synchronised.
    mutating func synchronised() {
        state = .taking(lostAt: nil)
    }

    /// The connection ended.
    mutating func connectionEnded(at now: Instant) {
        switch state {
        case .taking(let lostAt): state = .lost(at: lostAt ?? now)
        case .quiet, .lost, .expired: break
        }
    }

    /// When the services are to be withdrawn; `nil` if they are not.
    var deadline: Instant? {
        guard let timeToLive, case .lost(let lostAt) = state else { return nil }
        return lostAt.advanced(by: timeToLive)
    }

    /// Time has passed; answers whether the services are to be withdrawn now.
    mutating func expires(at now: Instant) -> Bool {
        guard let deadline, deadline <= now else { return false }
        state = .expired
        return true
    }
}
