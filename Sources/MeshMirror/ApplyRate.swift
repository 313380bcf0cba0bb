internal import MeshClient

/// How fast a mirror takes what its peer sends: a flood meets back-pressure instead of a busy core.
///
/// What is read is counted in *units*: a message is one for each pair that it brings, for each KiB of them, and at least
/// one, whichever is most; whether a pair is taken, refused or known already makes no difference, as it was read in any
/// case. When more was read than the rate and a second's ``tolerance`` allow, nothing more is read for a while.
///
/// While the peer is read for the first time on a connection, the *bootstrap* rate counts, later the *steady* one. A
/// peer could stay in its bootstrap for ever, or begin one after another by ending its connections: what may be read at
/// the bootstrap rate is an allowance, which comes back at the steady rate and belongs to no connection.
///
/// For example, at 10,000 units/s, after a quiet second: of a flood of messages of 500 units the first 20 are taken at
/// once, each further one is followed by a pause of 50 ms.
struct ApplyRate: Sendable {
    /// The rates, in units a second.
    struct Limits: Hashable, Sendable {
        var bootstrap: Int
        var steady: Int
        /// The units that may be read at the bootstrap rate before they have come back at the steady one.
        var allowance: Int
    }

    /// How much is read at once after a quiet time, in time at the rate.
    static let tolerance: Duration = .seconds(1)

    private let limits: Limits
    /// When all that was read would have been read at the rate; `nil` before anything was.
    private var due: ContinuousClock.Instant?
    /// What is left of the allowance, and when that was so.
    private var allowance: Int
    private var refilled: ContinuousClock.Instant?

    /// A rate that nothing was read at.
    init(_ limits: Limits) {
        self.limits = limits
        allowance = limits.allowance
    }

    /// The units of a message.
    static func units(of amount: ReadAmount) -> Int {
        max(1, amount.pairs, amount.bytes >> 10)
    }

    /// A message was read; answers for how long nothing more is to be.
    ///
    /// - Parameter isSynchronised: Whether the peer has been read completely on this connection.
    mutating func read(_ amount: ReadAmount, isSynchronised: Bool, at now: ContinuousClock.Instant) -> Duration {
        let units = Self.units(of: amount)
        refill(now)
        var rate = limits.steady
        if !isSynchronised, allowance >= units {
            allowance -= units
            rate = limits.bootstrap
        }
        let end = max(due ?? now, now) + Duration.seconds(1) * units / rate
        due = end
        return max(.zero, now.duration(to: end) - Self.tolerance)
    }

    private mutating func refill(_ now: ContinuousClock.Instant) {
        guard let since = refilled else {
            refilled = now
            return
        }
        guard allowance < limits.allowance else {
            refilled = now
            return
        }
        // Whole units only; the rest of the time counts for the next one.
        let elapsed = since.duration(to: now)
        let gained = elapsed / (Duration.seconds(1) / limits.steady)
        guard gained >= 1 else { return }
        let units = Int(min(gained, Double(limits.allowance - allowance)))
        allowance += units
        refilled = allowance == limits.allowance ? now : since + Duration.seconds(1) * units / limits.steady
    }
}
