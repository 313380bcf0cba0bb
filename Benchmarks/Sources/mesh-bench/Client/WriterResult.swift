internal import BenchmarkSupport

/// What became of puts.
struct WriterResult: Sendable {
    /// How many were answered.
    private(set) var puts = 0
    /// How many should have been; 0 if there was no rate.
    var asked = 0
    /// How many failed; what became of them is not known.
    private(set) var failures = 0
    /// Why the first of them did.
    private(set) var failure: String?
    /// How long they took.
    private(set) var latencies = LatencyHistogram()
    /// How often which key was put.
    private(set) var putsOfKey: [Int64]
    /// The store's revision after the last one; 0 if there was none.
    private(set) var lastRevision: Int64 = 0
    /// How long all of it took.
    var seconds = 0.0

    /// No puts yet.
    init(keys: Int) {
        putsOfKey = Array(repeating: 0, count: keys)
    }

    /// Whether the writers kept the rate that they were asked for, but for two in a hundred puts.
    var keptRate: Bool { failures == 0 && Double(puts) >= 0.98 * Double(asked) }

    /// The puts per second.
    var rate: Double { seconds > 0 ? Double(puts) / seconds : 0 }

    mutating func answered(key: Int, revision: Int64, after nanoseconds: UInt64) {
        puts += 1
        putsOfKey[key] += 1
        lastRevision = max(lastRevision, revision)
        latencies.record(nanoseconds)
    }

    mutating func failed(_ reason: String) {
        failures += 1
        failure = failure ?? reason
    }

    mutating func merge(_ other: WriterResult) {
        puts += other.puts
        failures += other.failures
        failure = failure ?? other.failure
        latencies.merge(other.latencies)
        for key in putsOfKey.indices { putsOfKey[key] += other.putsOfKey[key] }
        lastRevision = max(lastRevision, other.lastRevision)
    }
}
