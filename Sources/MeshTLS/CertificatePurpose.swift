/// What a certificate is shown for. One that may serve both ends names both.
public enum CertificatePurpose: Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// By a server to its clients.
    case server
    /// By a client to its servers.
    case client

    public var description: String {
        switch self {
        case .server: "server"
        case .client: "client"
        }
    }
}
