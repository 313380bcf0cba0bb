public import MeshCore

/// How a channel reaches its server, and what it takes from it.
public struct RPCChannelConfiguration: Sendable {
    /// The server's host: a name or an IP address (IPv6 without brackets). It is sent as HTTP/2 authority
    /// and, if it is a name, as TLS server name.
    public var host: String

    /// The server's port, 1…65535.
    public var port: Int

    /// The path of the server's Unix socket, to connect to instead of ``host`` and ``port``; `host` stays what TLS and
    /// HTTP/2 are told. Default none; as `RPCServerConfiguration.unixPath`.
    public var unixPath: String?

    /// The IP address to connect to instead of asking a resolver for `host`; `host` stays what TLS and HTTP/2 are
    /// told, and what the certificate is compared with.
    public var resolvedAddress: String?

    /// The own certificate, its key, and the roots that the server's certificate must lead to.
    public var credentials: TLSCredentials

    /// Judges the server's certificate at every handshake.
    public var verifier: PeerVerifier

    /// What the verifier is to expect; by default a server of any cluster with `host` in its certificate.
    public var expectedPeer: ExpectedPeer

    /// The time without anything received after which the server is pinged, with or without calls: 1 s to 1 h,
    /// default 15 s.
    public var keepaliveTime: Duration = .seconds(15)

    /// The time after which an unanswered ping ends the connection: 1 s to 10 min, default 25 s.
    public var keepaliveTimeout: Duration = .seconds(25)

    /// How many bytes the server may send on one stream before they are asked for: 4 KiB to 64 MiB, default 1 MiB.
    /// A stream's throughput is at most this per round trip.
    public var receiveWindowBytes = 1 << 20

    /// The largest message taken from the server; a larger one ends its call with ResourceExhausted: 1 KiB to
    /// 1 GiB, default 16 MiB.
    public var maximumResponseBytes = 16 << 20

    /// The largest metadata taken from the server, in bytes: 1 KiB to 1 MiB, default 16 KiB.
    public var maximumMetadataBytes = 16 << 10

    /// The time that an attempt to connect may take, TLS included: 100 ms to 5 min, default 10 s.
    public var connectTimeout: Duration = .seconds(10)

    /// The most calls that may be open at once; one more fails with ResourceExhausted: at least 1, default 10,000.
    public var maximumOpenCalls = 10_000

    /// A channel to `host` and `port`.
    public init(host: String, port: Int, credentials: TLSCredentials, verifier: PeerVerifier) {
        self.host = host
        self.port = port
        self.credentials = credentials
        self.verifier = verifier
        expectedPeer = .server(cluster: nil, hosts: [host])
    }

    /// A channel to the server that listens on a Unix socket of this machine, which is called `localhost`.
    public init(unixPath: String, credentials: TLSCredentials, verifier: PeerVerifier) {
        self.init(host: "localhost", port: 0, credentials: credentials, verifier: verifier)
        self.unixPath = unixPath
    }
}

extension RPCChannelConfiguration {
    /// What is wrong with the configuration; `nil` if nothing.
    var fault: String? {
        if host.isEmpty || host.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") || $0 >= 0x7F }) {
            return "'\(host)' is not a host name or an IP address"
        }
        if let resolvedAddress, (try? IPAddress(resolvedAddress)) == nil {
            return "'\(resolvedAddress)' is not an IP address"
        }
        let faults: [String?] = [
            unixPath.map(UnixSocketFile.fault) ?? Bounds.fault(of: "port", port, in: 1...65_535),
            Bounds.fault(of: "keepaliveTime", keepaliveTime, in: .seconds(1)...(.seconds(3600))),
            Bounds.fault(of: "keepaliveTimeout", keepaliveTimeout, in: .seconds(1)...(.seconds(600))),
            Bounds.fault(of: "receiveWindowBytes", receiveWindowBytes, in: 4096...(64 << 20)),
            Bounds.fault(of: "maximumResponseBytes", maximumResponseBytes, in: 1024...(1 << 30)),
            Bounds.fault(of: "maximumMetadataBytes", maximumMetadataBytes, in: 1024...(1 << 20)),
            Bounds.fault(of: "connectTimeout", connectTimeout, in: .milliseconds(100)...(.seconds(300))),
            Bounds.fault(of: "maximumOpenCalls", maximumOpenCalls, in: 1...(Int.max)),
            CoreCredentials.fault(of: credentials),
        ]
        return faults.compactMap(\.self).first
    }

    /// The address to connect to, in core's syntax.
    var target: String {
        if let unixPath { return UnixSocketFile(path: unixPath).coreAddress }
        guard let address = try? IPAddress(resolvedAddress ?? host) else { return "dns:///\(host):\(port)" }
        return switch address.family {
        case .v4: "ipv4:\(address.inAuthority):\(port)"
        case .v6: "ipv6:\(address.inAuthority):\(port)"
        }
    }

    /// The server's place for people: host and port as they stand in a URL, or the path of its socket.
    var authority: String {
        if let unixPath { return unixPath }
        let host = (try? IPAddress(host))?.inAuthority ?? host
        return "\(host):\(port)"
    }

    /// The name that TLS is told, for a server with several certificates: the host's, or, as TLS knows no addresses
    /// there, that of the expected cluster.
    var serverName: String {
        guard (try? IPAddress(host)) != nil, case .server(let cluster?, _) = expectedPeer else { return host }
        return "\(cluster).mesh.cilium.io"
    }

    var arguments: ChannelArguments {
        var arguments = ChannelArguments.common(
            receiveWindowBytes: receiveWindowBytes,
            maximumMessageBytes: maximumResponseBytes,
            maximumMetadataBytes: maximumMetadataBytes,
            keepaliveTime: keepaliveTime,
            keepaliveTimeout: keepaliveTimeout
        )
        // Else equal channels share a connection, and one's flood is the other's delay.
        arguments[number: "grpc.use_local_subchannel_pool"] = 1
        // Core gives an attempt to connect the larger of these, whatever their names. As pauses they hardly matter: a
        // channel whose attempt failed is given up (`RPCChannel`).
        for name in ["initial", "min", "max"] {
            arguments[number: "grpc.\(name)_reconnect_backoff_ms"] = CoreTime.milliseconds(connectTimeout)
        }
        // A proxy named by the environment would see, and could alter, what is meant for a peer.
        arguments[number: "grpc.enable_http_proxy"] = 0
        arguments[number: "grpc.enable_retries"] = 0
        // No TXT records are asked for how to call.
        arguments[number: "grpc.service_config_disable_resolution"] = 1
        arguments[text: "grpc.ssl_target_name_override"] = serverName
        arguments[text: "grpc.default_authority"] = unixPath == nil ? authority : host
        return arguments
    }
}
