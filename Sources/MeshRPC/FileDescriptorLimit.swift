internal import Glibc

/// How many files, and so connections, the process may have open.
///
/// Core's listener never serves again once the process had no descriptor left for a new connection (CVE-2023-4785):
/// so the limit is raised as far as the system allows, and a server checks that it is enough.
enum FileDescriptorLimit {
    /// Raises the limit that counts (the soft one) to the one that the system allows (the hard one).
    static func raise() {
        guard var limits = read(), limits.rlim_cur < limits.rlim_max else { return }
        limits.rlim_cur = limits.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    }

    /// The limit that counts; `nil` if the system does not say.
    static var current: Int? { read().map { Int(clamping: $0.rlim_cur) } }

    private static func read() -> rlimit? {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return nil }
        return limits
    }
}

extension FileDescriptorLimit {
    /// Descriptors for everything but a server's connections: files, core's own, other servers and channels.
    static let margin = 128

    /// What is wrong with the limit for a server of so many connections; `nil` if it is enough.
    static func fault(forConnections connections: Int) -> String? {
        guard let current, current < connections + margin else { return nil }
        return """
            the process may open \(current) files, but maximumConnections is \(connections), which takes \
            \(connections + margin): raise the limit (ulimit -n, LimitNOFILE=) or lower maximumConnections
            """
    }
}
