public import MeshCore

/// A service's name: unique within its cluster.
public struct ServiceName: Hashable, Sendable {
    /// The Kubernetes namespace.
    public var namespace: String
    /// The name within the namespace.
    public var name: String

    /// Makes a name.
    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }
}

extension ServiceName: Comparable, CustomStringConvertible {
    public static func < (left: ServiceName, right: ServiceName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }

    /// `namespace/name`.
    public var description: String { "\(namespace)/\(name)" }
}

/// How an IP record is keyed: a bare address, or a CIDR.
///
/// `10.0.0.1` and `10.0.0.1/32` are two keys, though both speak of the same address.
public enum IPKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    case address(IPAddress)
    case cidr(IPPrefix)

    /// The addresses that the record speaks of.
    public var prefix: IPPrefix {
        switch self {
        case .address(let address): IPPrefix(host: address)
        case .cidr(let prefix): prefix
        }
    }

    /// The text in the key.
    public var description: String {
        switch self {
        case .address(let address): address.description
        case .cidr(let prefix): prefix.description
        }
    }
}

/// What names a record within its cluster: the kind and the rest of its key.
public enum RecordKey: Hashable, Comparable, Sendable {
    case node(String)
    case service(ServiceName)
    case identity(UInt32)
    case ip(IPKey)
    case serviceExport(ServiceName)

    /// The kind of the record.
    public var kind: RecordKind {
        switch self {
        case .node: .node
        case .service: .service
        case .identity: .identity
        case .ip: .ip
        case .serviceExport: .serviceExport
        }
    }

    /// The key under which `cluster` publishes the record, or under which another cluster keeps a copy of it.
    public func key(in cluster: ClusterName, layout: RecordLayout = .own) -> Key {
        Key(kind.prefix(of: cluster, in: layout).bytes + name.utf8)
    }

    private var name: String {
        switch self {
        case .node(let name): name
        case .service(let name), .serviceExport(let name): name.description
        case .identity(let number): String(number)
        case .ip(let key): key.description
        }
    }
}

extension RecordKey: CustomStringConvertible {
    /// For example `service shop/cart`.
    public var description: String {
        switch self {
        case .node, .service, .identity, .ip: "\(kind.rawValue) \(name)"
        case .serviceExport: "service export \(name)"
        }
    }
}
