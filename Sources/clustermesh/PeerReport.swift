internal import ClusterMesh

/// What deserves attention of one peer, or everything that is known of it.
struct PeerReport {
    let peer: AgentStatus.Peer
    let now: Int64
    let isVerbose: Bool

    /// The lines, the first one with the peer's name; empty if there is nothing to tell.
    var lines: [String] {
        let details = connection + certificates + records + bounds
        guard isVerbose || !peer.isCurrent || !details.isEmpty else { return [] }
        return ["\(peer.cluster): \(peer.explanation)"] + details.map { "  \($0)" }
    }

    private var connection: [String] {
        var lines: [String] = []
        if isVerbose || !peer.isCurrent {
            var facts = ["\(count(peer.connections, "connection")) tried, \(peer.failures) failed"]
            if let ago = peer.lastFailure { facts.append("the last \(ago.brief) ago") }
            if let next = peer.nextAttempt { facts.append("the next attempt in \(next.brief)") }
            lines.append(facts.joined(separator: ", "))
            lines += peer.endpoints.map { endpoint in
                var text = "\(endpoint.url): tried \(count(endpoint.attempts, "time"))"
                if let ago = endpoint.lastAttempt { text += ", last \(ago.brief) ago" }
                return text + (endpoint.lastError.map { ": \($0)" } ?? "")
            }
        }
        if isVerbose {
            lines.append(
                "store \(peer.storeID == 0 ? "unknown" : hex(peer.storeID)), revision \(peer.revision) of "
                    + "\(peer.storeRevision), heartbeat \(peer.heartbeatAge.map { "\($0.brief) ago" } ?? "not heard")")
            lines.append("config: \(peer.config?.text ?? "none yet")")
        }
        return lines + peer.unsupported.map { "not supported: \($0)" }
    }

    private var certificates: [String] {
        [
            ("its certificate", peer.serverCertificateExpiry),
            ("the certificate shown to it", peer.clientCertificateExpiry),
        ]
        .compactMap { name, end in
            guard let end = end.map({ CertificateEnd($0, now: now) }), isVerbose || end.isNear else { return nil }
            return "\(name): \(end)"
        }
    }

    private var records: [String] {
        var lines: [String] = []
        let rejections = peer.rejections
        if rejections.current > 0 || isVerbose && rejections.total > 0 {
            lines.append("\(count(rejections.current, "record")) refused, \(rejections.total) since the start, such as")
            lines += rejections.examples.map { "  \($0.key) of revision \($0.revision): \($0.reason)" }
        }
        if peer.outdated > 0 {
            lines.append("\(count(peer.outdated, "record")) held as before, replaced by what was refused")
        }
        if isVerbose, !peer.resyncs.isEmpty {
            let causes = peer.resyncs.map { "\($0.cause) \($0.count)" }
            lines.append("listed again for: \(causes.joined(separator: ", "))")
        }
        return lines
    }

    private var bounds: [String] {
        let budget = peer.budget
        var lines: [String] = []
        if isVerbose || budget.refusals > 0 {
            lines.append(
                "budget: \(budget.keys) of \(budget.maximumKeys) keys, \(budget.bytes) of \(budget.maximumBytes) bytes"
                    + (budget.refusals > 0 ? "; \(budget.refusals) changes were refused for it" : ""))
        }
        if peer.throttled > .zero, isVerbose {
            lines.append("held back for \(peer.throttled.brief) in all, for being faster than its rate")
        }
        return lines
    }

    private func count(_ number: Int64, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

extension AgentStatus.Peer.Config {
    /// What it says, on one line.
    fileprivate var text: String {
        var parts = ["ID \(id)"]
        if maximumClusters != 0 { parts.append("for \(maximumClusters) clusters") }
        parts.append(hasCanaries ? "with canaries" : "without canaries")
        if isCached { parts.append("a copy") }
        if let exportsServices { parts.append("service exports \(exportsServices ? "on" : "off")") }
        if !endpointSlices.isEmpty { parts.append(endpointSlices) }
        return parts.joined(separator: ", ")
    }
}
