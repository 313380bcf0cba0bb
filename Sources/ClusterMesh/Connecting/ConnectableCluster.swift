public import MeshCore
public import MeshTLS

/// What has to be known of a cluster to connect it with another one, as its directory says it.
///
/// A directory is one that `clustermesh certs` fills, with the cluster's configuration of `clustermesh serve` in
/// ``configurationFile`` beside the certificates. Nothing here changes after it was read.
public struct ConnectableCluster: Sendable {
    /// The name of the configuration in a cluster's directory: what `clustermesh serve --config` is given.
    public static let configurationFile = "cluster.yaml"

    /// What the cluster shows to the other one.
    public struct Client: Sendable {
        /// The file of the certificate.
        public var certificate: String
        /// The file of its private key.
        public var key: String
        /// What the certificate says.
        public var description: CertificateDescription
    }

    /// The directory, as it was given.
    public var directory: String
    /// The cluster's name.
    public var name: ClusterName
    /// The cluster's number.
    public var id: ClusterID
    /// How many clusters its mesh can have.
    public var idSpace: ClusterID.Space
    /// Where other clusters reach it, at least one `https://host:port`.
    public var endpoints: [String]
    /// The addresses of its pods, as far as its configuration and its state files tell them.
    public var podCIDRs: [IPPrefix]
    /// The file of the authorities that it trusts.
    public var authorityFile: String
    /// What they say; the first is the one that issues for the cluster.
    public var authorities: [CertificateDescription]
    /// What it shows to the other cluster.
    public var client: Client
    /// The directory of its peer files.
    public var peersDirectory: String
}

/// Clusters that cannot be connected, and why.
public struct ClusterConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reasons, each with what to do; at least one.
    public var reasons: [String]

    init(_ reasons: [String]) {
        self.reasons = reasons
    }

    init(_ reason: String) {
        reasons = [reason]
    }

    /// A reason a line.
    public var description: String { reasons.joined(separator: "\n") }
}
