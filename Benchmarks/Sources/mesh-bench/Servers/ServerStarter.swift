internal import BenchmarkSupport
internal import Foundation
internal import MeshCore

/// Starts servers, each time new ones with fresh certificates.
struct ServerStarter: Sendable {
    /// The newest etcd.
    let etcd: EtcdProgram
    /// Debian 12's; `nil` where the newest is that one.
    let installed: EtcdProgram?
    /// The directory of this package's own programs.
    let programs: String

    /// Finds the programs.
    init() throws {
        etcd = try EtcdProgram.newest()
        let installed = EtcdProgram.installed()
        self.installed = installed?.version == etcd.version ? nil : installed
        programs = try Self.ownPrograms
    }

    /// The directory of this package's own programs: that of this one.
    static var ownPrograms: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return (own as NSString).deletingLastPathComponent
        }
    }

    /// The servers that can be started here.
    var available: [ServerKind] {
        ServerKind.allCases.filter { kind in
            switch kind {
            case .etcd, .proxy, .replica, .ours: true
            case .etcd34: installed != nil
            case .floor: access("\(programs)/floor-server", X_OK) == 0
            }
        }
    }

    /// What a server is called in tables.
    func title(of kind: ServerKind) -> String {
        switch kind {
        case .etcd: "etcd \(etcd.version)"
        case .proxy: "its grpc-proxy"
        case .etcd34: "etcd \(installed?.version ?? "3.4")"
        case .ours: "ours"
        case .replica: "ours, replica"
        case .floor: "floor"
        }
    }

    /// Starts a server and waits until it listens.
    func start(_ kind: ServerKind) async throws -> StartedServer {
        let directory = try WorkDirectory()
        let certificates = try BenchmarkCertificates(in: directory)
        let run = Run(directory: directory, certificates: certificates, programs: programs)
        switch kind {
        case .etcd:
            return run.server(kind, try await run.startEtcd(etcd))
        case .etcd34:
            guard let installed else { throw BenchmarkError("the system's etcd is the newest there is") }
            return run.server(kind, try await run.startEtcd(installed))
        case .proxy:
            let client = try await certificates.namelessClient()
            let member = try await run.startEtcd(etcd, trusting: client.roots)
            return run.server(kind, try await run.startProxy(etcd, of: member, as: client), behind: member)
        case .ours:
            let process = try await run.startOwn("bench-server", [])
            let ports = try await process.line(OwnPorts.self)
            guard let writing = ports.write else { throw BenchmarkError("bench-server tells no port for writers") }
            return StartedServer(
                kind: kind, watching: Endpoint(port: ports.port), writing: Endpoint(port: writing),
                putting: Endpoint(port: writing), credentials: certificates.client, process: process, upstream: nil
            )
        case .replica:
            let member = try await run.startEtcd(etcd)
            let files = certificates.clientFiles
            let process = try await run.startOwn(
                "bench-server",
                [
                    "--follow", "\(member.endpoint)", "--client-certificate", files.certificate,
                    "--client-key", files.key,
                ])
            let ports = try await process.line(OwnPorts.self)
            return StartedServer(
                kind: kind, watching: Endpoint(port: ports.port), writing: member.endpoint, putting: nil,
                credentials: certificates.client, process: process, upstream: member.process
            )
        case .floor:
            let process = try await run.startOwn("floor-server", [])
            let port = Endpoint(port: try await process.line(OwnPorts.self).port)
            return run.server(kind, Run.Listening(process: process, endpoint: port))
        }
    }
}

/// What a program of ours prints when it listens.
private struct OwnPorts: Decodable {
    /// For watchers, and for all else if there is no other.
    var port: Int
    /// For writers.
    var write: Int?
}

/// One start.
private struct Run {
    struct Listening {
        var process: ServerProcess
        var endpoint: Endpoint
    }

    let directory: WorkDirectory
    let certificates: BenchmarkCertificates
    let programs: String

    func server(_ kind: ServerKind, _ server: Listening, behind member: Listening? = nil) -> StartedServer {
        StartedServer(
            kind: kind, watching: server.endpoint, writing: (member ?? server).endpoint, putting: server.endpoint,
            credentials: certificates.client, process: server.process, upstream: member?.process
        )
    }

    func startOwn(_ name: String, _ arguments: [String]) async throws -> ServerProcess {
        let files = certificates.serverFiles
        return try await ServerProcess.start(
            name, "\(programs)/\(name)",
            ["--roots", files.roots, "--certificate", files.certificate, "--key", files.key] + arguments,
            in: directory
        )
    }

    /// One member, with its data in the directory of this start. Its numbers of kept entries are its own defaults.
    func startEtcd(_ program: EtcdProgram, trusting roots: String? = nil) async throws -> Listening {
        let ports = try FreePort.find(4)
        let (client, peer) = (Endpoint(port: ports[0]), "http://\(Endpoint(port: ports[1]).address)")
        let files = certificates.serverFiles
        var arguments = [
            "--name=bench", "--data-dir=\(directory.file("data"))",
            "--listen-client-urls=\(client)", "--advertise-client-urls=\(client)",
            "--listen-peer-urls=\(peer)", "--initial-advertise-peer-urls=\(peer)", "--initial-cluster=bench=\(peer)",
            "--listen-metrics-urls=http://\(Endpoint(port: ports[2]).address)",
            "--cert-file=\(files.certificate)", "--key-file=\(files.key)",
            "--trusted-ca-file=\(roots ?? files.roots)",
            "--client-cert-auth", "--enable-grpc-gateway=false", "--logger=zap", "--log-level=error",
            "--quota-backend-bytes=\(8 << 30)",
        ]
        if program.hasPortForGRPC { arguments.append("--listen-client-http-urls=\(Endpoint(port: ports[3]))") }
        if program.canSkipSync { arguments.append("--unsafe-no-fsync") }
        let process = try await ServerProcess.start("etcd", program.path, arguments, in: directory)
        return Listening(process: process, endpoint: client)
    }

    func startProxy(
        _ program: EtcdProgram, of member: Listening, as client: BenchmarkCertificates.Files
    ) async throws -> Listening {
        try await ServerAnswer.awaited(from: member.endpoint, certificates.client, of: member.process)
        let endpoint = Endpoint(port: try FreePort.find(1)[0])
        let server = certificates.serverFiles
        let process = try await ServerProcess.start(
            "proxy", program.path,
            [
                "grpc-proxy", "start", "--endpoints=\(member.endpoint)", "--listen-addr=\(endpoint.address)",
                "--advertise-client-url=", "--data-dir=\(directory.file("proxy"))",
                "--cacert=\(server.roots)", "--cert=\(client.certificate)", "--key=\(client.key)",
                "--cert-file=\(server.certificate)", "--key-file=\(server.key)", "--trusted-ca-file=\(server.roots)",
            ], in: directory
        )
        return Listening(process: process, endpoint: endpoint)
    }
}
