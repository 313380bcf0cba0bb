internal import Glibc

/// The clock of all measurements: `CLOCK_MONOTONIC`, in nanoseconds, the same for all processes of a machine.
///
/// The first eight bytes of each value that is written hold such a time, little-endian: when it was sent.
public enum MonotonicTime {
    /// The present time.
    public static var now: UInt64 { nanoseconds(of: CLOCK_MONOTONIC) }

    /// The processor time that this process has taken.
    public static var ownProcessorTime: UInt64 { nanoseconds(of: CLOCK_PROCESS_CPUTIME_ID) }

    /// The processor time that the calling thread has taken.
    public static var threadProcessorTime: UInt64 { nanoseconds(of: CLOCK_THREAD_CPUTIME_ID) }

    static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
