internal import CGRPC

/// Between core's points in time and Swift's.
enum CoreTime {
    /// The longest time that is passed to core; anything longer is "never".
    private static let longest = Duration.seconds(365 * 86_400)

    static var never: gpr_timespec { gpr_inf_future(GPR_CLOCK_MONOTONIC) }

    /// The point in time that is `timeout` from now; `nil` and very long times are never.
    static func deadline(after timeout: Duration?) -> gpr_timespec {
        guard let timeout, timeout < longest else { return never }
        let (seconds, attoseconds) = max(timeout, .zero).components
        let span = gpr_timespec(
            tv_sec: seconds,
            tv_nsec: Int32(attoseconds / 1_000_000_000),
            clock_type: GPR_TIMESPAN
        )
        return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span)
    }

    /// Core's point in time on Swift's clock; `nil` for never.
    static func instant(_ deadline: gpr_timespec) -> ContinuousClock.Instant? {
        guard gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) != 0 else { return nil }
        let rest = gpr_time_sub(deadline, gpr_now(deadline.clock_type))
        let duration = Duration(
            secondsComponent: rest.tv_sec,
            attosecondsComponent: Int64(rest.tv_nsec) * 1_000_000_000
        )
        guard duration < longest else { return nil }
        return ContinuousClock.now + duration
    }

    /// A duration in whole milliseconds, as channel arguments want it: at least 1, at most `Int32.max`.
    static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        if seconds >= Int64(Int32.max) / 1000 { return .max }
        return max(1, Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
