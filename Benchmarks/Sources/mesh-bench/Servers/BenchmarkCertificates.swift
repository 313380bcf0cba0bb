internal import MeshCore
internal import MeshTLS

/// Fresh certificates for one start of a server: everybody's roots, a server's and a client's.
struct BenchmarkCertificates: Sendable {
    /// What the client is called in its certificate: `bench-server` lets this name read and write everything.
    static let clientName = "bench"

    /// The paths of one side's PEM files.
    struct Files: Sendable {
        var roots: String
        var certificate: String
        var key: String
    }

    /// What the runner itself shows.
    let client: TLSCredentials
    /// The server's files.
    let serverFiles: Files
    /// The files of a client, for servers that are clients of others.
    let clientFiles: Files

    private let directory: WorkDirectory

    /// Issues them and writes them into `directory`.
    init(in directory: WorkDirectory) throws {
        self.directory = directory
        let authority = try CertificateAuthority.create(commonName: "benchmark")
        let roots = authority.certificatePEM
        let server = try authority.issueServer(cluster: ClusterName("bench")).credentials(trusting: roots)
        client = try authority.issueClient(commonName: Self.clientName).credentials(trusting: roots)
        serverFiles = try Self.write(server, as: "server", to: directory)
        clientFiles = try Self.write(client, as: "client", to: directory)
    }

    /// The files of a client without a common name, the only one that grpc-proxy takes; who trusts only `roots` trusts it.
    ///
    /// Our own authority gives everybody a name, so that openssl makes this one, which is its own root.
    func namelessClient() async throws -> Files {
        let name = directory.file("nameless")
        let files = Files(roots: "\(name)-ca.pem", certificate: "\(name).pem", key: "\(name)-key.pem")
        let openssl = try await ServerProcess.start(
            "openssl", "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/O=benchmark", "-keyout", files.key, "-out", files.certificate,
            ], in: directory
        )
        while openssl.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        let certificate = directory.read("nameless.pem")
        guard !certificate.isEmpty else { throw BenchmarkError("openssl makes no certificate:\n\(openssl.endOfLog)") }
        let roots = directory.read("server-ca.pem") + certificate
        _ = try directory.write(roots, to: "nameless-ca.pem")
        return files
    }

    private static func write(
        _ credentials: TLSCredentials, as name: String, to directory: WorkDirectory
    ) throws -> Files {
        Files(
            roots: try directory.write(credentials.trustedRoots, to: "\(name)-ca.pem"),
            certificate: try directory.write(credentials.certificateChain, to: "\(name).pem"),
            key: try directory.write(credentials.privateKey, to: "\(name)-key.pem")
        )
    }
}
