/// A record of any kind.
public enum MeshRecord: Hashable, Sendable {
    case node(NodeRecord)
    case service(ServiceRecord)
    case identity(IdentityRecord)
    case ip(IPRecord)
    case serviceExport(ServiceExportRecord)

    /// What names the record within its cluster.
    public var key: RecordKey {
        switch self {
        case .node(let node): .node(node.name)
        case .service(let service): .service(service.name)
        case .identity(let identity): .identity(identity.id)
        case .ip(let ip): .ip(ip.ip)
        case .serviceExport(let export): .serviceExport(export.name)
        }
    }

    /// The kind of the record.
    public var kind: RecordKind { key.kind }

    /// The value that is stored.
    public func encoded() -> [UInt8] {
        switch self {
        case .node(let node): node.encoded()
        case .service(let service): service.encoded()
        case .identity(let identity): identity.encoded()
        case .ip(let ip): ip.encoded()
        case .serviceExport(let export): export.encoded()
        }
    }
}
