public import MeshCore

/// What a key of a cluster's state, or of a copy of it, is about.
public enum StateKey: Hashable, Sendable {
    case heartbeat
    case clusterConfig(ClusterName)
    case canary(ClusterName, RecordKind, RecordLayout)
    /// A record. `cluster` is `nil` for identities and IPs under `cilium/state/`, whose keys do not name it.
    case record(RecordKey, cluster: ClusterName?, RecordLayout)

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
            self = try Self.canary(rest, key)
        } else {
            for layout in RecordLayout.allCases where text.utf8.starts(with: layout.root.utf8) {
                for kind in RecordKind.allCases {
                    guard let rest = text.suffix(behind: kind.prefix(in: layout).description) else { continue }
                    self = try Self.record(kind, layout, rest, key)
                    return
                }
            }
            throw RecordError(.unknownKey, key: key, "the key belongs to no known kind of record")
        }
    }

    private static func canary(_ rest: Substring, _ key: Key) throws(RecordError) -> StateKey {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        for layout in RecordLayout.allCases where parts.count == 2 {
            for kind in RecordKind.allCases where kind.basePrefix(in: layout) == parts[1] {
                return .canary(try cluster(parts[0], in: key), kind, layout)
            }
        }
        throw RecordError(.unknownKey, key: key, "the canary's prefix holds no known kind")
    }

    private static func record(
        _ kind: RecordKind,
        _ layout: RecordLayout,
        _ rest: Substring,
        _ key: Key
    ) throws(RecordError) -> StateKey {
        switch (kind, layout) {
        case (.identity, .own), (.ip, .own):
            return .record(try name(kind, behind: kind.prefix(in: layout), in: key), cluster: nil, layout)
        case (.node, _), (.service, _), (.serviceExport, _), (.identity, .cached), (.ip, .cached):
            guard let slash = rest.firstIndex(of: "/") else {
                throw RecordError(
                    .malformedKey, key: key,
                    "expected the names of a cluster and of a record behind '\(kind.prefix(in: layout))'"
                )
            }
            let cluster = try cluster(rest[..<slash], in: key)
            let prefix = kind.prefix(of: cluster, in: layout)
            guard key.hasPrefix(prefix) else {
                throw RecordError(.unknownKey, key: key, "the key belongs to no known kind of record")
            }
            return .record(try name(kind, behind: prefix, in: key), cluster: cluster, layout)
        }
    }

    private static func name(_ kind: RecordKind, behind prefix: Key, in key: Key) throws(RecordError) -> RecordKey {
        do throws(RecordError) {
            return try RecordKey(kind, parsing: key.bytes.span.extracting(prefix.bytes.count...))
        } catch {
            throw error.at(key)
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
