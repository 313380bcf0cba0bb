/// What a ``FaultyLink`` does to the bytes that pass through it.
struct LinkCondition: Equatable, Sendable {
    /// Nothing is read or written; connections stay open.
    var stalled = false
    /// New connections are closed at once.
    var refusing = false
    /// How long each byte is held back.
    var latency: Duration = .zero
    /// The most bytes a second in each direction of each connection; `nil` without a bound.
    var bytesPerSecond: Int?
}

/// One direction of one relayed connection: bytes that were read and wait for their time to be written.
///
/// A plain value without sockets and clocks: the relay's thread passes in the time.
struct RelayPipe {
    /// The most bytes held back in one direction; a full pipe is not read into, so that the sender's kernel stops it.
    static let capacity = 256 * 1024

    private struct Chunk {
        var bytes: ArraySlice<UInt8>
        var due: ContinuousClock.Instant
    }

    private var chunks: [Chunk] = []
    private(set) var buffered = 0
    /// Bytes that may be written now under a throttle; refilled as time passes.
    private var allowance = 0.0
    private var refilled: ContinuousClock.Instant?
    /// Whether the reading end said that nothing follows.
    private(set) var ended = false

    /// How many bytes may be read into the pipe now.
    var room: Int { ended ? 0 : Self.capacity - buffered }

    /// Whether everything that was read has been written, and nothing follows.
    var isDrained: Bool { ended && chunks.isEmpty }

    /// Bytes arrived.
    mutating func received(_ bytes: [UInt8], at now: ContinuousClock.Instant, under condition: LinkCondition) {
        chunks.append(Chunk(bytes: bytes[...], due: now + condition.latency))
        buffered += bytes.count
    }

    /// The sender closed its half.
    mutating func senderFinished() {
        ended = true
    }

    /// The bytes to write now; empty when none is due.
    mutating func due(at now: ContinuousClock.Instant, under condition: LinkCondition) -> ArraySlice<UInt8> {
        guard let first = chunks.first, first.due <= now else { return [] }
        guard let rate = condition.bytesPerSecond else { return first.bytes }
        let elapsed = refilled.map { $0.duration(to: now) } ?? .milliseconds(10)
        refilled = now
        // Never more than a tenth of a second's worth at once.
        allowance = min(allowance + Double(rate) * (elapsed / .seconds(1)), max(1, Double(rate) / 10))
        return first.bytes.prefix(Int(allowance))
    }

    /// `count` bytes of what was due have been written.
    mutating func wrote(_ count: Int, under condition: LinkCondition) {
        guard count > 0, !chunks.isEmpty else { return }
        if condition.bytesPerSecond != nil { allowance -= Double(count) }
        buffered -= count
        chunks[0].bytes = chunks[0].bytes.dropFirst(count)
        if chunks[0].bytes.isEmpty { chunks.removeFirst() }
    }

    /// When the pipe next has something to write; `nil` if nothing waits.
    func nextDue(after now: ContinuousClock.Instant, under condition: LinkCondition) -> ContinuousClock.Instant? {
        guard let first = chunks.first else { return nil }
        guard condition.bytesPerSecond != nil else { return first.due }
        return max(first.due, now + .milliseconds(5))
    }
}
