internal import Foundation
public import MeshCore

/// A real etcd of one member with mutual TLS, on free ports of 127.0.0.1, with its data in a temporary directory.
///
/// It dies with the last reference to it.
public final class EtcdProcess: Sendable {
    /// etcd said no, and what it said.
    public struct StartError: Error, CustomStringConvertible {
        /// Why, with the end of the log.
        public let description: String
    }

    private struct Ports {
        var client: Int
        var peer: Int
        var metrics: Int
    }

    /// Where clients find it, as a URL.
    public var endpoint: String { "https://127.0.0.1:\(port)" }
    /// The port that clients find it at; it stays the same over restarts.
    public var port: Int { ports.withLock { $0.client } }
    /// The credentials of a client that it accepts.
    public let client: TLSCredentials
    /// Its command-line client, with those credentials.
    public let etcdctl: Etcdctl

    private let cluster: String
    private let extraArguments: [String]
    private let directory: TemporaryDirectory
    private let server: TLSCredentials.Files
    private let ports: Locked<Ports>
    private let process = Locked<ChildProcess?>(nil)
    private let earlierLogs = Locked("")
    /// How often its data were replaced by a snapshot's.
    private let restores = Locked(0)

    /// Starts an etcd and waits until it serves.
    ///
    /// - Parameters:
    ///   - cluster: The cluster whose name its certificate has, from the authority that the process' tests share.
    ///   - client: The common name of ``client``.
    ///   - extraArguments: Further flags, such as `--auto-compaction-retention=1`; they win over the usual ones.
    ///   - limit: How long it may take.
    public static func start(
        cluster: String = "athens",
        client: String = "remote",
        extraArguments: [String] = [],
        within limit: Duration = .seconds(30)
    ) async throws -> EtcdProcess {
        var attempt = 0
        while true {
            attempt += 1
            let etcd = try EtcdProcess(cluster: cluster, client: client, extraArguments: extraArguments)
            do {
                try await etcd.restart(within: limit)
                return etcd
            } catch let error as StartError where error.description.contains("address already in use") && attempt < 5 {
                // Somebody took a port between the search and etcd's start: others, then.
                continue
            }
        }
    }

    private init(cluster: String, client: String, extraArguments: [String]) throws {
        let found = try FreePort.find(3)
        self.cluster = cluster
        self.extraArguments = extraArguments
        ports = Locked(Ports(client: found[0], peer: found[1], metrics: found[2]))
        directory = try TemporaryDirectory()
        server = try TestCertificates.server(cluster).write(to: directory, as: "server")
        self.client = try TestCertificates.client(client)
        etcdctl = try Etcdctl(endpoints: "https://127.0.0.1:\(found[0])", credentials: self.client)
    }

    /// Everything it has logged, over all its starts.
    public var log: String {
        get throws {
            let current = process.withLock { $0 }
            return earlierLogs.withLock { $0 } + (try current.map { try $0.output + $0.errorOutput } ?? "")
        }
    }

    /// Kills it with SIGKILL and waits until it is gone; its data stay.
    public func kill() async throws {
        try await end(SIGKILL)
    }

    /// Asks it to stop and waits until it has; its data stay.
    public func stop() async throws {
        try await end(SIGTERM)
    }

    /// A number that it counts for whoever watches it, such as `etcd_debugging_mvcc_watcher_total`; `nil` if it does not
    /// run or has no such number.
    public func metric(_ name: String) -> Double? {
        let port = ports.withLock { $0.metrics }
        let answer = PlainHTTP.get(port: port, path: "/metrics", maximumBytes: 4 << 20) ?? ""
        let line = answer.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// Writes a snapshot of its present data and returns the file's path.
    public func saveSnapshot() async throws -> String {
        let path = directory.file("snapshot")
        let result = try await etcdctl.run("snapshot", "save", path)
        guard result.exitCode == 0 else { throw StartError(description: "no snapshot: \(result.errorOutput)") }
        return path
    }

    /// Puts a snapshot in the place of its data and starts it again, as an operator does after a loss: as the same
    /// member with the same peer URL and token, so that the `cluster_id` stays the same too.
    public func restore(from snapshot: String, within limit: Duration = .seconds(30)) async throws {
        try await kill()
        restores.withLock { $0 += 1 }
        let peer = "http://127.0.0.1:\(ports.withLock { $0.peer })"
        let result = try await etcdctl.run(
            "snapshot", "restore", snapshot, "--name=\(cluster)", "--data-dir=\(dataDirectory)",
            "--initial-cluster=\(cluster)=\(peer)", "--initial-cluster-token=\(directory.path)",
            "--initial-advertise-peer-urls=\(peer)"
        )
        guard result.exitCode == 0 else { throw StartError(description: "not restored: \(result.errorOutput)") }
        try await restart(within: limit)
    }

    private var dataDirectory: String { directory.file("data-\(restores.withLock { $0 })") }

    /// Starts it again, killing it first if it runs, on the same data and ports, and waits until it serves.
    public func restart(within limit: Duration = .seconds(30)) async throws {
        try await kill()
        let started = try ChildProcess(try Executable.find("etcd", variable: "ETCD"), arguments)
        process.withLock { $0 = started }
        let deadline = ContinuousClock.now + limit
        while !serves() {
            if let exit = started.poll() {
                throw StartError(description: "etcd ended (\(exit)) before it served:\n\(try endOfLog())")
            }
            guard ContinuousClock.now < deadline else {
                throw StartError(description: "etcd does not serve after \(limit):\n\(try endOfLog())")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func end(_ signal: Int32) async throws {
        guard let running = process.withLock({ $0 }) else { return }
        running.signal(signal)
        _ = try await running.waitForExit(within: .seconds(20))
        let log = try running.output + running.errorOutput
        earlierLogs.withLock { $0 += log }
        process.withLock { $0 = nil }
    }

    private var arguments: [String] {
        let ports = ports.withLock { $0 }
        let peer = "http://127.0.0.1:\(ports.peer)"
        return [
            "--name=\(cluster)", "--data-dir=\(dataDirectory)",
            "--listen-client-urls=\(endpoint)", "--advertise-client-urls=\(endpoint)",
            "--listen-peer-urls=\(peer)", "--initial-advertise-peer-urls=\(peer)",
            "--initial-cluster=\(cluster)=\(peer)", "--initial-cluster-token=\(directory.path)",
            "--listen-metrics-urls=http://127.0.0.1:\(ports.metrics)",
            "--cert-file=\(server.certificate)", "--key-file=\(server.key)", "--trusted-ca-file=\(server.roots)",
            // The gateway would dial etcd itself with the server's certificate, which is no client's.
            "--client-cert-auth", "--enable-grpc-gateway=false", "--logger=zap",
            // Faster elections than over a network: a start takes a third of a second.
            "--heartbeat-interval=10", "--election-timeout=100",
        ] + extraArguments
    }

    /// Whether it answers that it has a leader, on the plain port for metrics.
    private func serves() -> Bool {
        let answer = PlainHTTP.get(port: ports.withLock { $0.metrics }, path: "/health")
        return answer?.contains("\"health\":\"true\"") ?? false
    }

    private func endOfLog() throws -> String {
        try log.split(separator: "\n").suffix(20).joined(separator: "\n")
    }
}
