import ClusterMesh
import Foundation
import TestSupport

/// A cluster of `Fixtures/cilium`, and the real etcd in which its clustermesh-apiserver publishes it.
///
/// The etcd is set up as Cilium's `etcdinit` does it: authentication by the certificates' common names, `remote` and
/// `remote-<cluster>` with Cilium's permissions and no others, so that a read outside of them is refused.
final class CiliumCluster: Sendable {
    /// Which capability makes it worth a look.
    enum Name: String, CaseIterable {
        /// IPv4 and dual stack, services and endpoint slices.
        case euWest = "eu-west"
        /// IPv6 only, multi-cluster services.
        case north
        /// Endpoint slices only; its ranges overlap those of `eu-west`.
        case apac

        /// The cluster's number, as its config says it.
        var id: Int {
            switch self {
            case .euWest: 3
            case .north: 130
            case .apac: 255
            }
        }

        /// The kinds whose canaries its apiserver writes, by the prefixes that they name.
        var syncedPrefixes: [String] {
            let always = ["identities/v1", "ip/v1", "nodes/v1"]
            return switch self {
            case .euWest: always + ["services/v1", "endpointslices/v1"]
            case .north: always + ["services/v1", "serviceexports/v1"]
            case .apac: always + ["endpointslices/v1"]
            }
        }
    }

    let name: Name
    /// The etcd, with the certificate of an administrator.
    let etcd: EtcdProcess
    private let state: [StateLine]

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/cilium").path

    /// The pairs of a cluster's fixture, its config among them.
    static func fixture(_ name: Name) throws -> [StateLine] {
        try StateDirectory("\(root)/\(name.rawValue)").load()
    }

    /// Starts its etcd and sets up who may read what; nothing is published yet.
    ///
    /// - Parameter readers: The common names of the clients that get the role `remote`.
    static func start(_ name: Name, readers: [String]) async throws -> CiliumCluster {
        let etcd = try await EtcdProcess.start(cluster: name.rawValue, client: "admin-\(name.rawValue)")
        let cluster = CiliumCluster(name: name, etcd: etcd, state: try fixture(name))
        try await cluster.setUpUsers(readers)
        return cluster
    }

    private init(name: Name, etcd: EtcdProcess, state: [StateLine]) {
        self.name = name
        self.etcd = etcd
        self.state = state
    }

    /// Whether a pair of the fixture is its cluster config, which the apiserver writes before all state.
    private static func isConfig(_ line: StateLine) -> Bool { line.key.hasPrefix(KeyLayout.clusterConfigs) }

    // MARK: What its apiserver does

    /// The first thing: config and heartbeat.
    func publishConfig() async throws {
        try await write(state.filter(Self.isConfig), lease: nil)
        try await beat()
    }

    /// Rewrites the heartbeat.
    func beat() async throws {
        try await write([StateLine(key: KeyLayout.heartbeat, value: Self.now)], lease: nil)
    }

    /// All state, under a lease of a quarter of an hour as Cilium's is, without a word that this is all.
    func publishState() async throws {
        let granted = try await run("lease", "grant", "900")
        let lease = granted.output.split(separator: " ").dropFirst().first.map(String.init)
        // A slice's value is a compressed message, which is no text.
        let slice = StateLine(
            key: Key("cilium/state/endpointslices/v1/\(name.rawValue)/shop/cart-kvlm2"),
            value: [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x00, 0x09, 0x00, 0x00, 0xFF]
        )
        try await write(state.filter { !Self.isConfig($0) } + [slice], lease: lease)
    }

    /// The canaries: all state is written, or all of some prefixes.
    func publishCanaries(of prefixes: [String]? = nil) async throws {
        try await write(
            (prefixes ?? name.syncedPrefixes).map {
                StateLine(key: Key("cilium/synced/\(name.rawValue)/cilium/state/\($0)"), value: Self.now)
            }, lease: nil)
    }

    /// Changes one pair, as an apiserver would.
    func put(_ key: Key, _ value: [UInt8]) async throws {
        try await write([StateLine(key: key, value: value)], lease: nil)
    }

    /// Deletes one pair.
    func delete(_ key: Key) async throws {
        try await run("del", key.description)
    }

    // MARK: etcdctl

    private func setUpUsers(_ readers: [String]) async throws {
        for arguments in [
            ["user", "add", "root", "--no-password"], ["user", "grant-role", "root", "root"],
            ["user", "add", "admin-\(name.rawValue)", "--no-password"],
            ["user", "grant-role", "admin-\(name.rawValue)", "root"], ["role", "add", "remote"],
            ["role", "grant-permission", "remote", "read", "--prefix", "cilium/.heartbeat"],
            ["role", "grant-permission", "remote", "read", "--prefix", "cilium/state/"],
            ["role", "grant-permission", "remote", "read", "cilium/cluster-config/\(name.rawValue)"],
            ["role", "grant-permission", "remote", "read", "--prefix", "cilium/synced/\(name.rawValue)/"],
        ] {
            try await run(arguments)
        }
        for reader in readers {
            try await run("user", "add", reader, "--no-password")
            try await run("user", "grant-role", reader, "remote")
        }
        try await run("auth", "enable")
    }

    /// Writes all pairs in one transaction, typed into `etcdctl txn`.
    private func write(_ lines: [StateLine], lease: String?) async throws {
        let puts = lines.map { line in
            "put " + (lease.map { "--lease=\($0) " } ?? "")
                + "\(Self.quoted(line.key.bytes)) \(Self.quoted(line.value))\n"
        }
        let written = try await etcd.etcdctl.run("txn", input: "\n" + puts.joined() + "\n\n\n")
        guard written.exitCode == 0, written.output.contains("SUCCESS") else {
            throw EtcdError(.unknown, "etcdctl txn ended with \(written.exitCode): \(written.errorOutput)")
        }
    }

    /// Bytes as a text in Go's quotes.
    private static func quoted(_ bytes: some Sequence<UInt8>) -> String {
        var text = "\""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7F: text += String(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text + "\""
    }

    @discardableResult
    private func run(_ arguments: String...) async throws -> Etcdctl.Result {
        try await run(arguments)
    }

    @discardableResult
    private func run(_ arguments: [String]) async throws -> Etcdctl.Result {
        let result = try await etcd.etcdctl.run(arguments)
        guard result.exitCode == 0 else {
            throw EtcdError(.unknown, "etcdctl \(arguments) ended with \(result.exitCode): \(result.errorOutput)")
        }
        return result
    }

    /// The present time as RFC 3339 has it.
    private static var now: [UInt8] { Array(Date.now.formatted(.iso8601).utf8) }
}
