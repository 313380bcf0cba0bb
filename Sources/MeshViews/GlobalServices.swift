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
        services[name].flatMap(Self.shown)
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
            if clusters.count(of: cluster) > 0 { removeAll(of: cluster, report) }
            clusters.remove(cluster)
        }
    }

    private mutating func removeAll(of cluster: ClusterName, _ report: (Change) -> Void) {
        let names = services.filter { $0.value.part(of: cluster) != nil }.keys
        for name in names.sorted() { set(nil, cluster, name, report) }
    }

    private mutating func set(
        _ record: ServiceRecord?,
        _ cluster: ClusterName,
        _ name: ServiceName,
        _ report: (Change) -> Void
    ) {
        let isLocal = cluster == local
        let new = record.flatMap { isLocal || $0.shared ? GlobalService.Part(cluster: cluster, record: $0) : nil }
        let before = services[name]
        let old = before?.part(of: cluster)
        // Only this one part can differ: the other clusters' need not be compared.
        guard old != new else { return }
        clusters.count(cluster, before: old != nil, now: new != nil)
        var service = before ?? GlobalService(name: name)
        if isLocal { service.local = new } else { service.setRemote(new, of: cluster) }
        let after = service.local == nil && service.remotes.isEmpty ? nil : service
        services[name] = after
        let shown = (old: before.flatMap(Self.shown), new: after.flatMap(Self.shown))
        count += (shown.new == nil ? 0 : 1) - (shown.old == nil ? 0 : 1)
        if shown.old != nil || shown.new != nil { report(Change(name: name, old: shown.old, new: shown.new)) }
    }

    private static func shown(_ service: GlobalService) -> GlobalService? { service.isGlobal ? service : nil }
}

extension GlobalService {
    init(name: ServiceName) {
        self.name = name
    }

    /// What a cluster says of the service.
    fileprivate func part(of cluster: ClusterName) -> Part? {
        local?.cluster == cluster ? local : remotes.first { $0.cluster == cluster }
    }

    fileprivate mutating func setRemote(_ part: Part?, of cluster: ClusterName) {
        let index = remotes.firstIndex { $0.cluster >= cluster } ?? remotes.endIndex
        let isThere = index < remotes.endIndex && remotes[index].cluster == cluster
        switch (part, isThere) {
        case (let part?, true): remotes[index] = part
        case (let part?, false): remotes.insert(part, at: index)
        case (nil, true): remotes.remove(at: index)
        case (nil, false): break
        }
    }
}
