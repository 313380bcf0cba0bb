public import MeshCore

/// The keys of a cluster's state, as Cilium lays them out.
///
/// | Key | Meaning |
/// | --- | --- |
/// | `cilium/.heartbeat` | rewritten every 60 s while the writer is alive |
/// | `cilium/cluster-config/<cluster>` | ``ClusterConfig`` |
/// | `cilium/synced/<cluster>/cilium/state/nodes/v1` | the canary of a prefix: its first sync is complete |
/// | `cilium/state/nodes/v1/<cluster>/<node>` | ``NodeRecord`` |
/// | `cilium/state/services/v1/<cluster>/<namespace>/<name>` | ``ServiceRecord`` |
/// | `cilium/state/identities/v1/id/<number>` | ``IdentityRecord`` |
/// | `cilium/state/ip/v1/default/<address>[/<bits>]` | ``IPRecord`` |
public enum KeyLayout {
    /// The key that a living writer rewrites every 60 s.
    public static let heartbeat: Key = "cilium/.heartbeat"

    /// The prefix of all state that a cluster owns.
    public static let state: Key = "cilium/state/"

    /// The prefix of all cluster configs.
    public static let clusterConfigs: Key = "cilium/cluster-config/"

    /// The key of a cluster's config.
    public static func clusterConfig(of cluster: ClusterName) -> Key { Key("cilium/cluster-config/\(cluster)") }

    /// The prefix of a cluster's canaries.
    public static func canaries(of cluster: ClusterName) -> Key { Key("cilium/synced/\(cluster)/") }

    /// The key that says that `cluster` has written all its records of `kind` at least once.
    public static func canary(of cluster: ClusterName, for kind: RecordKind) -> Key {
        Key("cilium/synced/\(cluster)/\(kind.basePrefix)")
    }
}

/// What a key of a cluster's state is about.
public enum StateKey: Hashable, Sendable {
    case heartbeat
    case clusterConfig(ClusterName)
    case canary(ClusterName, RecordKind)
    /// A record. `cluster` is `nil` for identities and IPs, whose keys do not name it.
    case record(RecordKey, cluster: ClusterName?)

    /// Reads a key.
    ///
    /// - Throws: ``RecordError`` with ``RecordError/Reason/unknownKey`` for a key that is none of these, with
    ///   ``RecordError/Reason/malformedKey`` for one that begins like these but names nothing.
    public init(parsing key: Key) throws(RecordError) {
        guard let text = String(validating: key.bytes, as: UTF8.self) else {
            throw RecordError(.unknownKey, key: key, "the key is not UTF-8")
        }
        if key == KeyLayout.heartbeat {
            self = .heartbeat
        } else if let name = text.suffix(behind: "cilium/cluster-config/") {
            self = .clusterConfig(try Self.cluster(name, in: key))
        } else if let rest = text.suffix(behind: "cilium/synced/") {
            let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let kind = RecordKind.allCases.first { parts.count == 2 && $0.basePrefix == parts[1] }
            guard let kind else { throw RecordError(.unknownKey, key: key, "the canary's prefix holds no known kind") }
            self = .canary(try Self.cluster(parts[0], in: key), kind)
        } else {
            for kind in RecordKind.allCases {
                guard let rest = text.suffix(behind: kind.prefix.description) else { continue }
                self = try Self.record(kind, rest, key)
                return
            }
            throw RecordError(.unknownKey, key: key, "the key belongs to no known kind of record")
        }
    }

    private static func record(_ kind: RecordKind, _ rest: Substring, _ key: Key) throws(RecordError) -> StateKey {
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        func malformed(_ expected: String) -> RecordError {
            RecordError(.malformedKey, key: key, "expected \(expected) behind '\(kind.prefix)'")
        }
        // Kubernetes' names are ASCII. With others, two different keys could name what Swift takes for equal texts.
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw malformed("a name of printable ASCII") }
        switch kind {
        case .node:
            guard parts.count == 2, !parts[1].isEmpty else { throw malformed("<cluster>/<node>") }
            return .record(.node(String(parts[1])), cluster: try cluster(parts[0], in: key))
        case .service:
            guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else {
                throw malformed("<cluster>/<namespace>/<name>")
            }
            let name = ServiceName(namespace: String(parts[1]), name: String(parts[2]))
            return .record(.service(name), cluster: try cluster(parts[0], in: key))
        case .identity:
            // Only the canonical text: each identity must have one key.
            guard let number = UInt32(rest), String(number) == rest else { throw malformed("an identity's number") }
            return .record(.identity(number), cluster: nil)
        case .ip:
            do throws(IPTextError) {
                let ip: IPKey = parts.count == 1 ? .address(try IPAddress(rest)) : .cidr(try IPPrefix(rest))
                guard ip.description == rest else {
                    throw IPTextError(message: "'\(rest)' is not canonical: it should be '\(ip)'")
                }
                guard ip.prefix.isMasked else {
                    throw IPTextError(
                        message: "'\(rest)' has bits behind its length; did you mean '\(ip.prefix.masked)'?")
                }
                return .record(.ip(ip), cluster: nil)
            } catch {
                throw RecordError(.malformedKey, key: key, error.message)
            }
        }
    }

    private static func cluster(_ name: Substring, in key: Key) throws(RecordError) -> ClusterName {
        do {
            return try ClusterName(name)
        } catch {
            throw RecordError(.malformedKey, key: key, error.message)
        }
    }
}

extension String {
    /// What follows `prefix`; `nil` if the text does not begin with it. Compared byte by byte.
    fileprivate func suffix(behind prefix: String) -> Substring? {
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return self[utf8.index(startIndex, offsetBy: prefix.utf8.count)...]
    }
}
