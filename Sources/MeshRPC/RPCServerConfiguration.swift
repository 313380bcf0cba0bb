public import MeshCore

/// Where a server listens, who it is, and what it takes from clients.
///
/// Core accepts every connection; no setting limits how many there are. What keeps them from being too many: who does
/// not finish its handshake is closed after ``handshakeTimeout``, who has no calls after ``maximumConnectionIdle``, who
/// is gone after ``keepaliveTime`` and ``keepaliveTimeout``; what is read for all of them is bounded by
/// ``readBufferBytes``; and the process has file descriptors for ``maximumConnections``, or the server does not start.
/// Not covered: whoever reaches the port can take descriptors, and make the server compute handshakes, as fast as it can
/// connect; without a descriptor left nobody new is served, until the server notices within ``listenerProbeInterval``
/// that its listener died of it, and listens anew. A client with a good certificate can keep as many connections open
/// as it has streams (``maximumStreamsPerPeer``). Where strangers reach the port, a firewall has to count connections.
public struct RPCServerConfiguration: Sendable {
    /// The address to listen on: an IP address (IPv6 without brackets) or a name; default 127.0.0.1.
    public var host = "127.0.0.1"

    /// The port to listen on, 0…65535; 0, the default, takes a free one, which ``RPCServer/port`` tells.
    public var port = 0

    /// The path of a Unix socket to listen on, instead of ``host`` and ``port``; default none. Clients need a
    /// certificate there, too.
    ///
    /// The socket's file is made with mode 0600. Its directory is made if it is missing; if it is there it must belong
    /// to the process' user and be closed to others (0700). A socket that a process left behind is replaced, one that
    /// somebody listens on is not. Absolute, at most 107 bytes, without spaces and `%`, `?`, `#`.
    public var unixPath: String?

    /// The own certificate, its key, and the roots that clients' certificates must lead to.
    public var credentials: TLSCredentials

    /// The directory in which the server makes a private one (mode 0700) for a copy of its credentials; `nil`, the
    /// default, is `/dev/shm`, else `$TMPDIR`, else `/tmp`.
    public var credentialsDirectory: String?

    /// Judges a client's certificate at its handshake and again at each of its calls.
    public var verifier: PeerVerifier

    /// The largest message taken from a client; a larger one ends its call with ResourceExhausted: 1 KiB to 1 GiB,
    /// default 2 MiB.
    public var maximumRequestBytes = 2 << 20

    /// The largest metadata taken from a client, in bytes: 1 KiB to 1 MiB, default 16 KiB.
    public var maximumMetadataBytes = 16 << 10

    /// The most calls and streams that are open on one connection; a client waits with more: 1 to 1,000,000,
    /// default 10,000.
    public var maximumStreamsPerConnection = 10_000

    /// The most connections the process must have file descriptors for: 1 to 1,000,000, default 1,000.
    ///
    /// Core has no limit of connections. This one is what the limit of open files is compared with at the start.
    public var maximumConnections = 1_000

    /// The most streams, over all connections; one more is refused with ResourceExhausted: 1 to 10,000,000, default
    /// 100,000.
    public var maximumStreams = 100_000

    /// The most unary calls whose handlers run at the same time; others wait: 1 to 100,000, default 64.
    public var maximumRunningCalls = 64

    /// The most unary calls that wait or run; one more is refused with ResourceExhausted: 1 to 1,000,000, default 1,024.
    public var maximumPendingCalls = 1_024

    /// The most streams of all clients with the same names in their certificates (common name, DNS names, URIs); one
    /// more is refused with ResourceExhausted, and other clients do not notice: 1 to 10,000,000, default 10,000.
    public var maximumStreamsPerPeer = 10_000

    /// The most unary calls that wait or run, of all clients with the same names in their certificates; one more is
    /// refused with ResourceExhausted: 1 to 1,000,000, default 512.
    public var maximumCallsPerPeer = 512

    /// The most bytes of messages that are under way to all clients with the same names in their certificates, and that
    /// flow control has not let pass, because the clients do not read: 64 KiB to 1 TiB, default 256 MiB.
    ///
    /// A message that would be too much is not sent: its call or stream is ended with ResourceExhausted instead, and
    /// from the bound on new ones are refused. A message to a client that has nothing else under way is always sent. What
    /// core holds back to send with the next message (at most 64 KiB a stream) is not counted.
    public var maximumUnreadBytesPerPeer = 256 << 20

    /// The time after which a unary call that is not answered is answered with DeadlineExceeded and its handler's task
    /// cancelled; a client's own deadline counts where it is earlier. Looked at once a second: 100 ms to 1 h, default
    /// 60 s.
    public var maximumCallDuration: Duration = .seconds(60)

    /// The time after which a stream whose client takes nothing from a message under way is ended: 1 s to 1 day,
    /// default 5 min. Looked at once a second.
    public var maximumSendStall: Duration = .seconds(300)

    /// How many bytes a client may send on one stream before they are asked for: 4 KiB to 64 MiB, default 64 KiB.
    public var receiveWindowBytes = 64 << 10

    /// The time that a new connection has for its TLS handshake: 100 ms to 5 min, default 10 s.
    public var handshakeTimeout: Duration = .seconds(10)

    /// The time without anything received after which a client is pinged: 1 s to 1 h, default 30 s.
    public var keepaliveTime: Duration = .seconds(30)

    /// The time after which an unanswered ping ends a connection: 1 s to 10 min, default 20 s.
    public var keepaliveTimeout: Duration = .seconds(20)

    /// The time after which a connection without calls is closed; its client makes a new one for its next call: 1 s to 1
    /// day, default 10 min.
    public var maximumConnectionIdle: Duration = .seconds(600)

    /// The most memory for buffers that is read into, over all connections; where it runs out, core reads less, closes
    /// connections without calls and ends streams: 16 MiB to 1 TiB, default 1 GiB.
    ///
    /// What TLS takes for a connection (about 100 KB) and messages that are sent are not counted.
    public var readBufferBytes = 1 << 30

    /// The shortest time between two pings of a client, with or without calls; who pings more often is sent away:
    /// 100 ms to 5 min, default 5 s. Etcd's clients and Cilium's ping every 10 to 15 s.
    public var minimumClientPingInterval: Duration = .seconds(5)

    /// The time between two looks at whether the own port still accepts connections: 100 ms to 1 h, default 10 s.
    public var listenerProbeInterval: Duration = .seconds(10)

    /// A server with these credentials, listening on 127.0.0.1 on a free port.
    public init(credentials: TLSCredentials, verifier: PeerVerifier) {
        self.credentials = credentials
        self.verifier = verifier
    }
}

extension RPCServerConfiguration {
    /// What is wrong with the configuration; `nil` if nothing.
    var fault: String? {
        if let unixPath, let fault = UnixSocketFile.fault(of: unixPath) { return fault }
        if host.isEmpty || host.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") || $0 >= 0x7F }) {
            return "'\(host)' is not a host name or an IP address"
        }
        let long = Duration.seconds(3600)
        let faults: [String?] = [
            Bounds.fault(of: "port", port, in: 0...65_535),
            Bounds.fault(of: "maximumRequestBytes", maximumRequestBytes, in: 1024...(1 << 30)),
            Bounds.fault(of: "maximumMetadataBytes", maximumMetadataBytes, in: 1024...(1 << 20)),
            Bounds.fault(of: "maximumStreamsPerConnection", maximumStreamsPerConnection, in: 1...1_000_000),
            Bounds.fault(of: "maximumConnections", maximumConnections, in: 1...1_000_000),
            Bounds.fault(of: "maximumStreams", maximumStreams, in: 1...10_000_000),
            Bounds.fault(of: "maximumRunningCalls", maximumRunningCalls, in: 1...100_000),
            Bounds.fault(of: "maximumPendingCalls", maximumPendingCalls, in: 1...1_000_000),
            Bounds.fault(of: "maximumStreamsPerPeer", maximumStreamsPerPeer, in: 1...10_000_000),
            Bounds.fault(of: "maximumCallsPerPeer", maximumCallsPerPeer, in: 1...1_000_000),
            Bounds.fault(of: "maximumUnreadBytesPerPeer", maximumUnreadBytesPerPeer, in: (64 << 10)...(1 << 40)),
            Bounds.fault(of: "maximumCallDuration", maximumCallDuration, in: .milliseconds(100)...long),
            Bounds.fault(of: "maximumSendStall", maximumSendStall, in: .seconds(1)...(.seconds(86_400))),
            Bounds.fault(of: "receiveWindowBytes", receiveWindowBytes, in: 4096...(64 << 20)),
            Bounds.fault(of: "handshakeTimeout", handshakeTimeout, in: .milliseconds(100)...(.seconds(300))),
            Bounds.fault(of: "keepaliveTime", keepaliveTime, in: .seconds(1)...long),
            Bounds.fault(of: "keepaliveTimeout", keepaliveTimeout, in: .seconds(1)...(.seconds(600))),
            Bounds.fault(of: "maximumConnectionIdle", maximumConnectionIdle, in: .seconds(1)...(.seconds(86_400))),
            Bounds.fault(of: "readBufferBytes", readBufferBytes, in: (16 << 20)...(1 << 40)),
            Bounds.fault(
                of: "minimumClientPingInterval",
                minimumClientPingInterval,
                in: .milliseconds(100)...(.seconds(300))
            ),
            Bounds.fault(of: "listenerProbeInterval", listenerProbeInterval, in: .milliseconds(100)...long),
        ]
        return faults.compactMap(\.self).first
    }

    /// What clients of one name may have at a time.
    var peerLimits: PeerLimits {
        PeerLimits(
            streams: maximumStreamsPerPeer,
            calls: maximumCallsPerPeer,
            unreadBytes: maximumUnreadBytesPerPeer
        )
    }

    /// The file of the socket to listen on; `nil` to listen on host and port.
    var socketFile: UnixSocketFile? { unixPath.map(UnixSocketFile.init(path:)) }

    /// The place to listen on, as people call it: a path, or host and port.
    var place: String { unixPath ?? listenAddress }

    /// The place to listen on, as core wants it.
    var listenAddress: String {
        if let socketFile { return socketFile.coreAddress }
        let host = (try? IPAddress(host))?.inAuthority ?? host
        return "\(host):\(port)"
    }

    /// A look at whether the own place is still served, which a living listener reacts to within half the time between
    /// two of them; `nil` for a host whose address is not known.
    var probe: ListenerProbe? {
        let patience = min(listenerProbeInterval / 2, .seconds(5))
        if let socketFile { return ListenerProbe(listeningOn: socketFile, patience: patience) }
        return ListenerProbe(listeningOn: host, port: port, patience: patience)
    }

    var arguments: ChannelArguments {
        var arguments = ChannelArguments.common(
            receiveWindowBytes: receiveWindowBytes,
            maximumMessageBytes: maximumRequestBytes,
            maximumMetadataBytes: maximumMetadataBytes,
            keepaliveTime: keepaliveTime,
            keepaliveTimeout: keepaliveTimeout
        )
        arguments[number: "grpc.http2.min_ping_interval_without_data_ms"] =
            CoreTime.milliseconds(minimumClientPingInterval)
        arguments[number: "grpc.http2.max_ping_strikes"] = 2
        arguments[number: "grpc.max_concurrent_streams"] = Int32(clamping: maximumStreamsPerConnection)
        arguments[number: "grpc.server_handshake_timeout_ms"] = CoreTime.milliseconds(handshakeTimeout)
        arguments[number: "grpc.max_connection_idle_ms"] = CoreTime.milliseconds(maximumConnectionIdle)
        arguments.quota = MemoryQuota(bytes: readBufferBytes)
        // Else a second process could bind the same port, and get a part of the connections.
        arguments[number: "grpc.so_reuseport"] = 0
        return arguments
    }
}
