internal import ClusterMesh
internal import ClusterMeshTestKit
internal import Foundation

/// A `mock-producer` in a process of its own, with fresh certificates. It ends when this process does, because its
/// standard input ends then.
final class ProducerProcess: Sendable {
    /// The cluster whose agents read.
    static let host = "athens"

    /// Where it serves.
    let port: Int
    /// How many records it has.
    let records: Int
    /// What a reader shows.
    let reader: TLSCredentials

    private let process: Process
    private let input: FileHandle
    private let output: FileHandle
    private let directory: URL

    private struct Line: Decodable {
        var event: String
        var port: Int?
        var records: Int?
        var changes: Int?
        var seconds: Double?
    }

    /// Starts it and waits until it serves.
    init(clusters: Int, size: ProducedSize) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("mesh-scale-\(UUID().uuidString)")
        let authority = try CertificateAuthority.create(commonName: "mesh-scale")
        let pki = ClusterDirectory(directory.path)
        try pki.save(authority)
        try pki.saveServer(
            authority.issueServer(cluster: ClusterName(Self.host), extraDNSNames: [ClusterProducer.serverName]))
        reader = try authority.issueClient(commonName: "local-\(Self.host)")
            .credentials(trusting: authority.certificatePEM)

        process = Process()
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
            .appendingPathComponent("mock-producer")
        process.arguments = [
            "--certificates", directory.path, "--host", Self.host, "--clusters", "\(clusters)",
            "--nodes", "\(size.nodes)", "--identities", "\(size.identities)", "--ips", "\(size.ips)",
        ]
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        input = standardInput.fileHandleForWriting
        output = standardOutput.fileHandleForReading
        do {
            try process.run()
            let line = try Self.line(from: output)
            guard line.event == "ready", let port = line.port, let records = line.records else {
                throw ScaleError("mock-producer did not say where it serves")
            }
            self.port = port
            self.records = records
        } catch {
            // It ends with its input, which nobody holds any more.
            try? FileManager.default.removeItem(at: directory)
            throw error
        }
    }

    /// Has records change for so long; returns how many changes there were, when they are over.
    func churn(seconds: Double) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            // It waits for a line: no task's thread should.
            let waiting = Thread { continuation.resume(with: Result { try self.orderChurn(seconds: seconds) }) }
            waiting.name = "churn"
            waiting.start()
        }
    }

    private func orderChurn(seconds: Double) throws -> Int {
        try input.write(contentsOf: Data("churn \(seconds)\n".utf8))
        let line = try Self.line(from: output)
        guard line.event == "churned", let changes = line.changes else {
            throw ScaleError("mock-producer did not say that it is done")
        }
        return changes
    }

    /// Its number, to ask the kernel about it.
    var processID: Int32 { process.processIdentifier }

    /// Ends it, and removes its certificates.
    func stop() {
        try? input.close()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func line(from output: FileHandle) throws -> Line {
        var bytes = Data()
        while bytes.last != UInt8(ascii: "\n") {
            guard let next = try output.read(upToCount: 1), !next.isEmpty else {
                throw ScaleError("mock-producer has ended")
            }
            bytes += next
        }
        return try JSONDecoder().decode(Line.self, from: bytes)
    }
}
