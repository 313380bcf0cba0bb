internal import Foundation

/// What the kernel says of a running process of this machine.
public struct ProcessFigures: Hashable, Sendable {
    /// The process' number.
    public let processID: Int32

    /// The figures of a process.
    public init(of processID: Int32) {
        self.processID = processID
    }

    /// The figures of this process.
    public static let own = ProcessFigures(of: getpid())

    /// The processor time that all its threads, also ended ones, have taken, in nanoseconds; `nil` if it is gone.
    public var processorTime: UInt64? {
        var clock = clockid_t()
        guard clock_getcpuclockid(processID, &clock) == 0 else { return nil }
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return nil }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The memory that it has in RAM, in bytes; `nil` if it is gone.
    public var residentBytes: Int? { status("VmRSS:").map { $0 << 10 } }

    /// The most memory that it had in RAM since it started or ``resetPeak()`` was called, in bytes; `nil` if it is gone.
    public var peakResidentBytes: Int? { status("VmHWM:").map { $0 << 10 } }

    /// Lets ``peakResidentBytes`` begin anew; whether the kernel allowed it.
    @discardableResult
    public func resetPeak() -> Bool {
        guard let file = fopen("/proc/\(processID)/clear_refs", "w") else { return false }
        defer { fclose(file) }
        return fputs("5", file) >= 0
    }

    /// The processor time of each of its threads, in nanoseconds, by the thread's number.
    public var threadProcessorTimes: [Int32: UInt64] {
        let directory = "/proc/\(processID)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        var times: [Int32: UInt64] = [:]
        for thread in threads {
            guard let number = Int32(thread), let text = Self.read("\(directory)/\(thread)/schedstat") else { continue }
            times[number] = text.split(separator: " ").first.flatMap { UInt64($0) }
        }
        return times
    }

    private func status(_ name: String) -> Int? {
        Self.read("/proc/\(processID)/status")?.split(separator: "\n").first { $0.hasPrefix(name) }?
            .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    private static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
