public import MeshCore

/// How an ``EtcdReader`` reaches its server, and how much it takes from it.
public struct EtcdReaderConfiguration: Sendable {
    /// The server.
    public var endpoint: EtcdEndpoint

    /// The path of the server's Unix socket on this machine, to connect to instead of ``endpoint``, whose host stays what
    /// the server's certificate is compared with. Default none.
    public var unixPath: String?

    /// The own certificate, its key, and the roots that the server's certificate must lead to.
    public var credentials: TLSCredentials

    /// Judges the server's certificate.
    public var verifier: PeerVerifier

    /// The cluster that the server's certificate must be of, where it names one; `nil` expects only the endpoint's host.
    public var cluster: ClusterName?

    /// The time that a read may take, connecting included. Default 30 s.
    public var requestTimeout: Duration = .seconds(30)

    /// The time that connecting may take, TLS included. Default 10 s.
    public var connectTimeout: Duration = .seconds(10)

    /// The time without anything received after which the server is pinged. Default 15 s (Cilium's).
    public var keepaliveTime: Duration = .seconds(15)

    /// The time after which an unanswered ping ends the connection. Default 25 s (Cilium's).
    public var keepaliveTimeout: Duration = .seconds(25)

    /// What the server may send before it is asked for, in bytes. Default 1 MiB.
    public var receiveWindowBytes = 1 << 20

    /// The largest message taken, in bytes. Default 16 MiB. A page that is larger is read in smaller ones; a server
    /// splits larger watch messages, as watches are asked for with `fragment`.
    public var maximumMessageBytes = 16 << 20

    /// What the parts of fragmented watch messages may hold until their last one came, in bytes. Default 64 MiB.
    public var maximumFragmentBytes = 64 << 20

    /// A reader of `endpoint` with the defaults.
    public init(endpoint: EtcdEndpoint, credentials: TLSCredentials, verifier: PeerVerifier) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.verifier = verifier
    }

    /// A reader of the server that listens on a Unix socket of this machine, which is called `localhost`.
    public init(unixPath: String, credentials: TLSCredentials, verifier: PeerVerifier) {
        self.init(endpoint: EtcdEndpoint(host: "localhost"), credentials: credentials, verifier: verifier)
        self.unixPath = unixPath
    }
}
