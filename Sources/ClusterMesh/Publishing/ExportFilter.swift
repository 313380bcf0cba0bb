internal import MeshCore
public import MeshRecords

/// Which of the own cluster's records other clusters may see.
///
/// It stands before the store: what ``MeshAgent/publish(_:)`` is given is always in the own views, and in the store,
/// where peers read it, only if the filter lets it through. Keys that are written to the store directly, by
/// ``MeshAgent/store``, over a local listener, or into a followed etcd, are exported as they stand.
///
/// By itself a filter knows nothing of what belongs together: an IP whose identity is kept back has an identity that
/// peers know nothing of, and their policies do not select it. ``namespaces(_:)`` keeps the two together, since both
/// carry the pod's namespace.
public struct ExportFilter: Sendable {
    private enum Rule: Sendable {
        case all
        case namespaces(NamespaceExport)
        case records(@Sendable (MeshRecord) -> Bool)
    }

    private let rule: Rule

    /// Everything is exported.
    public static let all = ExportFilter(rule: .all)

    /// What belongs to an exported namespace is exported, and what belongs to none: nodes, the addresses of hosts, CIDRs
    /// and identities without a pod's namespace.
    public static func namespaces(_ export: NamespaceExport) -> ExportFilter { ExportFilter(rule: .namespaces(export)) }

    /// What the closure says is exported.
    ///
    /// - Important: It is asked once for a record when that is published, and for every record when the filter is
    ///   switched; so it must answer the same for the same record until then. It runs outside all locks, on the thread of
    ///   whoever publishes.
    public static func records(_ isExported: @escaping @Sendable (MeshRecord) -> Bool) -> ExportFilter {
        ExportFilter(rule: .records(isExported))
    }

    /// Whether other clusters may see the record.
    public func exports(_ record: MeshRecord) -> Bool {
        switch rule {
        case .all: true
        case .namespaces(let export): record.kubernetesNamespace.map { export.exports($0) } ?? true
        case .records(let isExported): isExported(record)
        }
    }
}

/// Which namespaces are exported, as Cilium's annotation of namespaces says it.
public struct NamespaceExport: Hashable, Sendable {
    /// The annotation that says of a Kubernetes namespace whether it is global.
    public static let annotation = "clustermesh.cilium.io/global"

    /// Whether a namespace of which nothing is said is exported. Default true, as in Cilium
    /// (`clustermesh-default-global-namespace`).
    public var isExportedByDefault: Bool

    private var said: [String: Bool] = [:]

    /// Nothing is said of any namespace yet.
    public init(isExportedByDefault: Bool = true) {
        self.isExportedByDefault = isExportedByDefault
    }

    /// What is said of a namespace: exported, not exported, or `nil`, the default.
    public subscript(namespace: String) -> Bool? {
        get { said[namespace] }
        set { said[namespace] = newValue }
    }

    /// Takes over what the annotations of a Kubernetes namespace say: `true`, in any case of letters, is exported, any
    /// other value is not, and without ``annotation`` it is the default. (Cilium's reading.)
    public mutating func note(_ namespace: String, annotations: [String: String]) {
        self[namespace] = annotations[Self.annotation].map { $0.lowercased() == "true" }
    }

    /// Whether a namespace is exported.
    public func exports(_ namespace: String) -> Bool { said[namespace] ?? isExportedByDefault }
}

extension MeshRecord {
    /// The key of the label that says in which Kubernetes namespace an identity's pods are.
    private static let namespaceLabel = "io.kubernetes.pod.namespace"

    /// The Kubernetes namespace that the record belongs to; `nil` if it belongs to none.
    var kubernetesNamespace: String? {
        switch self {
        case .node: nil
        case .service(let service): service.name.namespace
        case .serviceExport(let export): export.name.namespace
        case .identity(let identity):
            identity.labels[Self.namespaceLabel].flatMap { $0.source == "k8s" ? $0.value : nil }
        case .ip(let ip): ip.namespace.isEmpty ? nil : ip.namespace
        }
    }
}
