internal import HashTreeCollections
public import MeshCore
public import MeshRecords

/// The services that several clusters can serve, by namespace and name.
///
/// A remote cluster's service is taken while it is `shared`, and treated as deleted while it is not. The local
/// cluster's own service always counts for itself; `shared` only says whether others may use it. A service is shown
/// when the local cluster made it global (`includeExternal`) or another cluster shares it.
public struct GlobalServices: MergeEngine {
    /// A service that appeared, changed or vanished.
    public struct Change: Hashable, Sendable {
        /// Namespace and name.
        public var name: ServiceName
        /// The service before; `nil` if there was none.
        public var old: GlobalService?
        /// The service now; `nil` if it is gone.
        public var new: GlobalService?
    }

    /// The number of services that are shown.
    public private(set) var count = 0
    public private(set) var clusters = ClusterMarks()
    private let local: ClusterName
    /// The services that are shown, and those that the local cluster keeps for itself.
    private var services: TreeDictionary<ServiceName, GlobalService> = [:]

    public init(local: ClusterName) {
        self.local = local
    }

    /// A service by its name. O(1).
    public subscript(name: ServiceName) -> GlobalService? {
        services[name].flatMap { $0.isGlobal ? $0 : nil }
    }

    /// All services, in the order of their names. O(n log n).
    public var all: [GlobalService] {
        services.values.filter(\.isGlobal).sorted { $0.name < $1.name }
    }

    public mutating func apply(_ update: RecordUpdate, report: (Change) -> Void) {
        switch update {
        case .changed(let change):
            guard case .service(let name) = change.key else { return }
            var new: ServiceRecord?
            if case .service(let record)? = change.new { new = record }
            set(new, change.cluster, name, report)
        case .current(let cluster):
            clusters.mark(cluster, .current)
        case .stale(let cluster):
            clusters.mark(cluster, .stale)
        case .withdrawn(let cluster):
            let names = services.filter { $0.value.has(cluster) }.keys
            for name in names.sorted() { set(nil, cluster, name, report) }
            clusters.remove(cluster)
        }
    }

    private mutating func set(
        _ record: ServiceRecord?,
        _ cluster: ClusterName,
        _ name: ServiceName,
        _ report: (Change) -> Void
    ) {
        let old = self[name]
        var service = services[name] ?? GlobalService(name: name)
        let before = service.has(cluster)
        if cluster == local {
            service.local = record.map { GlobalService.Part(cluster: cluster, record: $0) }
        } else {
            let shared = record.flatMap { $0.shared ? $0 : nil }
            service.setRemote(shared.map { GlobalService.Part(cluster: cluster, record: $0) }, of: cluster)
        }
        clusters.count(cluster, before: before, now: service.has(cluster))
        services[name] = service.local == nil && service.remotes.isEmpty ? nil : service
        let new = self[name]
        count += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
        if old != new { report(Change(name: name, old: old, new: new)) }
    }
}

extension GlobalService {
    init(name: ServiceName) {
        self.name = name
    }

    fileprivate func has(_ cluster: ClusterName) -> Bool {
        local?.cluster == cluster || remotes.contains { $0.cluster == cluster }
    }

    fileprivate mutating func setRemote(_ part: Part?, of cluster: ClusterName) {
        remotes.removeAll { $0.cluster == cluster }
        guard let part else { return }
        remotes.insert(part, at: remotes.firstIndex { $0.cluster > cluster } ?? remotes.endIndex)
    }
}
