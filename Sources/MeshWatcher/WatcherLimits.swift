package import MeshRPC
package import MeshWire

/// The bounds of a ``WatcherServer``: how much one peer can make it hold and do.
///
/// A server with a bound outside of its range does not start; none can be turned off.
public struct WatcherLimits: Hashable, Sendable {
    /// For how many connections the process must be able to open files, else the server does not start; 1…1,000,000,
    /// default 1,000. More are not refused. An idle one costs about 100 KB.
    ///
    /// A connection that does not finish its handshake is closed after 10 s, one without calls after 10 min, one whose
    /// client is gone after 50 s. Whoever reaches the port can still take descriptors as fast as it can connect: where
    /// strangers do, a firewall has to count connections.
    public var connections = 1_000

    /// The most calls and streams at a time on one connection, whose client waits with more; 1…1,000,000, default 1,000.
    public var streamsPerConnection = 1_000

    /// The most streams at a time over all connections; 1…10,000,000, default 100,000. One more is refused with
    /// ResourceExhausted.
    public var streams = 100_000

    /// The most streams at a time of all clients with the same names in their certificates (common name, DNS names,
    /// URIs); 1…10,000,000, default 10,000. One more is refused with ResourceExhausted.
    public var streamsPerPeer = 10_000

    /// The most calls at a time of all clients with the same names in their certificates; 1…1,000,000, default 512. One
    /// more is refused with ResourceExhausted.
    public var callsPerPeer = 512

    /// The most watches of all clients with the same names in their certificates, over all their streams; 1…10,000,000,
    /// default 100,000. One more is refused, the others go on.
    public var watchesPerPeer = 100_000

    /// The most bytes that are under way to all clients with the same names in their certificates, because the clients
    /// do not read; 64 KiB…1 TiB, default 256 MiB.
    ///
    /// An answer or a message of a watch that would be too much ends its call or stream with ResourceExhausted. What a
    /// client has nothing beside is always sent.
    public var unreadBytesPerPeer = 256 << 20

    /// The most bytes of a request, or of one message of a client on a stream; 1 KiB…64 MiB, default 1.5 MiB (etcd's).
    public var requestBytes = 3 << 19

    /// How deep messages inside messages may be nested in a request; 2…64, default 8.
    ///
    /// Checked before anything is unpacked. A request to read or to watch needs 2.
    public var nestingDepth = 8

    /// The most watches on one stream; 1…1,000,000, default 4,096. One more is refused, the others go on.
    public var watchesPerStream = 4_096

    /// How many answers to creates and cancels may wait to be sent on a stream; 1…65,536, default 128.
    ///
    /// At this number the stream is not read any further until half of them are sent.
    public var pendingAnswersPerStream = 128

    /// The most events that a message of a watch brings; 1…100,000, default 1,000.
    ///
    /// A revision is not divided, so that a larger one still travels whole.
    public var eventsPerBatch = 1_000

    /// The most bytes of events that a message of a watch brings; 1 KiB…4 MiB, default 64 KiB.
    ///
    /// A revision is not divided, so that a larger one still travels whole.
    public var bytesPerBatch = 64 << 10

    /// From how many bytes of events on a message is sent in parts, to a watch that asked for that; 1 KiB…1 GiB,
    /// default 2 MiB (etcd's: its largest request and 512 KiB).
    public var bytesPerFragment = 2 << 20

    /// The most bytes of pairs that a message of a RangeStream brings; 1 KiB…64 MiB, default 1 MiB.
    ///
    /// A pair is not divided, so that a larger one still travels whole. A stream has one such message in memory.
    public var bytesPerRangePart = 1 << 20

    /// How many encoded batches are kept for other watches that want the same, by each of the threads that send (one for
    /// two processors, at most 4); 1…65,536, default 128.
    public var sharedSegments = 128

    /// How many bytes the batches that a thread keeps may have together; 64 KiB…1 GiB, default 8 MiB.
    public var sharedSegmentBytes = 8 << 20

    /// How long after the beginning of one message to its many watchers a busy range has its next one, which then brings
    /// all that was written meanwhile; 0…10 s, default 8 ms. A range with few watchers has it sooner (after 80 µs for each
    /// stream and 7 µs for each further watch of a stream, at least 500 µs), and what comes after a pause goes out at
    /// once. 0 turns pacing off.
    public var pace: Duration = .milliseconds(8)

    /// The longest that ``pace`` becomes where sending to all watchers of a range takes longer, which is where there are
    /// more than 250 streams: 32 µs for each, up to this; 0…10 s, default 32 ms. It bounds ``pace`` too.
    public var maximumPace: Duration = .milliseconds(32)

    /// How many reads for watches a stream does before others of its thread have their turn; 1…100,000, default 256.
    public var readsPerTurn = 256

    /// The defaults.
    public init() {}
}

extension WatcherLimits {
    /// What is wrong with the limits; `nil` if nothing.
    package var fault: String? {
        let checks: [(name: String, value: Int, range: ClosedRange<Int>)] = [
            ("connections", connections, 1...1_000_000),
            ("streamsPerConnection", streamsPerConnection, 1...1_000_000),
            ("streams", streams, 1...10_000_000),
            ("streamsPerPeer", streamsPerPeer, 1...10_000_000),
            ("callsPerPeer", callsPerPeer, 1...1_000_000),
            ("watchesPerPeer", watchesPerPeer, 1...10_000_000),
            ("unreadBytesPerPeer", unreadBytesPerPeer, 65_536...(1 << 40)),
            ("requestBytes", requestBytes, 1_024...67_108_864),
            ("nestingDepth", nestingDepth, 2...64),
            ("watchesPerStream", watchesPerStream, 1...1_000_000),
            ("pendingAnswersPerStream", pendingAnswersPerStream, 1...65_536),
            ("eventsPerBatch", eventsPerBatch, 1...100_000),
            ("bytesPerBatch", bytesPerBatch, 1_024...4_194_304),
            ("bytesPerFragment", bytesPerFragment, 1_024...1_073_741_824),
            ("bytesPerRangePart", bytesPerRangePart, 1_024...67_108_864),
            ("sharedSegments", sharedSegments, 1...65_536),
            ("sharedSegmentBytes", sharedSegmentBytes, 65_536...1_073_741_824),
            ("readsPerTurn", readsPerTurn, 1...100_000),
        ]
        guard let broken = checks.first(where: { !$0.range.contains($0.value) }) else { return faultOfTimes }
        let (first, last) = (broken.range.lowerBound, broken.range.upperBound)
        return "the limit \(broken.name) is \(broken.value); it must be \(first) to \(last)"
    }

    private var faultOfTimes: String? {
        let checks = [("pace", pace), ("maximumPace", maximumPace)]
        guard let (name, value) = checks.first(where: { !(.zero ... .seconds(10)).contains($0.1) }) else { return nil }
        return "the limit \(name) is \(value); it must be 0 s to 10 s"
    }

    /// The bounds of what is unpacked.
    package var messages: MessageLimits {
        MessageLimits(maximumBytes: requestBytes, maximumDepth: nestingDepth)
    }

    /// Sets what the transport bounds.
    package func apply(to rpc: inout RPCServerConfiguration) {
        rpc.maximumRequestBytes = requestBytes
        rpc.maximumConnections = connections
        rpc.maximumStreamsPerConnection = streamsPerConnection
        rpc.maximumStreams = streams
        rpc.maximumStreamsPerPeer = streamsPerPeer
        rpc.maximumCallsPerPeer = callsPerPeer
        rpc.maximumUnreadBytesPerPeer = unreadBytesPerPeer
    }
}
