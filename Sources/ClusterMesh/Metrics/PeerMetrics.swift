internal import CoreMetrics
internal import MeshCore

/// The series of one peer.
struct PeerMetrics {
    /// What a gauge tells of a peer.
    private static let gauges: [(name: String, value: @Sendable (AgentStatus.Peer) -> Double)] = [
        ("readiness_status", { $0.isCurrent ? 1 : 0 }),
        ("failures", { Double($0.failures) }),
        ("nodes", { Double($0.count(of: "node")) }),
        ("services", { Double($0.count(of: "service")) }),
        ("identities", { Double($0.count(of: "identity")) }),
        ("endpoints", { Double($0.count(of: "ip")) }),
        ("service_exports", { Double($0.count(of: "serviceExport")) }),
        ("lag_revisions", { Double($0.lagRevisions) }),
        ("lag_seconds", { $0.lag / .seconds(1) }),
        ("throttled_seconds", { $0.throttled / .seconds(1) }),
        ("budget_keys_ratio", { ratio($0.budget.keys, of: $0.budget.maximumKeys) }),
        ("budget_bytes_ratio", { ratio($0.budget.bytes, of: $0.budget.maximumBytes) }),
    ]

    /// What a counter tells of a peer, by what it has grown to.
    private static let counters: [(name: String, value: @Sendable (AgentStatus.Peer) -> Int64)] = [
        ("cache_revocations", { $0.serviceExpirations }),
        ("rejected_records_total", { $0.rejections.total }),
        ("budget_refusals_total", { $0.budget.refusals }),
    ]

    /// A counter and what it was told, since it takes only what has come since.
    private struct Growing {
        let counter: Counter
        var told: Int64 = 0

        mutating func grow(to value: Int64) {
            // A peer that was removed and added again counts from zero.
            counter.increment(by: value >= told ? value - told : value)
            told = value
        }
    }

    private let factory: any MetricsFactory
    private let labels: [(String, String)]
    private let gauges: [Gauge]
    private var counters: [Growing]
    private var resyncs: [String: Growing] = [:]
    // Made when there is something to tell: a moment that has not come is not 1970, and never read is not fresh.
    private var lastFailure: Gauge?
    private var staleness: Gauge?

    /// Makes the series, each with these labels.
    init(labels: [(String, String)], _ factory: any MetricsFactory) {
        self.factory = factory
        self.labels = labels
        gauges = Self.gauges.map { Self.gauge($0.name, labels, factory) }
        counters = Self.counters.map { Growing(counter: Self.counter($0.name, labels, factory)) }
    }

    /// Tells what was seen at a moment, in seconds since 1970.
    mutating func flush(_ peer: AgentStatus.Peer, at now: Double) {
        for (gauge, source) in zip(gauges, Self.gauges) { gauge.record(source.value(peer)) }
        for index in counters.indices { counters[index].grow(to: Self.counters[index].value(peer)) }
        for resync in peer.resyncs {
            var growing =
                resyncs[resync.cause]
                ?? Growing(counter: Self.counter("resyncs_total", labels + [("cause", resync.cause)], factory))
            growing.grow(to: resync.count)
            resyncs[resync.cause] = growing
        }
        if let ago = peer.lastFailure {
            let gauge = lastFailure ?? Self.gauge("last_failure_ts", labels, factory)
            gauge.record((now - ago / .seconds(1)).rounded())
            lastFailure = gauge
        }
        if let time = peer.staleness {
            let gauge = staleness ?? Self.gauge("staleness_seconds", labels, factory)
            gauge.record(time / .seconds(1))
            staleness = gauge
        }
    }

    /// Ends the series.
    func destroy() {
        for gauge in gauges + [lastFailure, staleness].compactMap(\.self) { gauge.destroy() }
        for counter in counters + resyncs.values { counter.counter.destroy() }
    }

    private static func gauge(_ name: String, _ labels: [(String, String)], _ factory: any MetricsFactory) -> Gauge {
        Gauge(label: "mesh_remote_cluster_\(name)", dimensions: labels, factory: factory)
    }

    private static func counter(_ name: String, _ labels: [(String, String)], _ factory: any MetricsFactory) -> Counter
    {
        Counter(label: "mesh_remote_cluster_\(name)", dimensions: labels, factory: factory)
    }

    private static func ratio(_ number: Int64, of most: Int64) -> Double {
        most > 0 ? Double(number) / Double(most) : 0
    }
}
