internal import ArgumentParser

/// What is measured beside what.
enum ServerKind: String, CaseIterable, Codable, ExpressibleByArgument, Sendable {
    /// The newest etcd there is: the one of `ETCD=`, or the newest found.
    case etcd
    /// `etcd grpc-proxy` of the same version, in front of such an etcd.
    case proxy
    /// The etcd that Debian 12 installs, if it is another.
    case etcd34 = "etcd-3.4"
    /// Our server over the embedded store, which is written through the local server.
    case ours
    /// Our server over a replica of such an etcd.
    case replica
    /// C core, and constant bytes.
    case floor
}
