internal import ClusterMesh
internal import MeshTLS

/// An agent's status for a person who was woken by it: what is not well first, and why.
struct StatusReport {
    let status: AgentStatus
    /// The present, in seconds since 1970: certificates end by it.
    let now: Int64
    /// Whether everything is told of every peer, not only what deserves attention.
    var isVerbose = false

    /// How long before its end a certificate is told of.
    static let certificateNotice: Int64 = 30 * 86_400

    /// The report, with the end of its last line.
    var text: String {
        var lines = own + [""]
        if status.peers.isEmpty {
            lines.append("no peers")
        } else {
            let ready = status.peers.count { $0.isCurrent }
            lines.append("\(ready) of \(status.peers.count) peers ready")
            lines += table
        }
        for peer in status.peers {
            let details = PeerReport(peer: peer, now: now, isVerbose: isVerbose).lines
            if !details.isEmpty { lines += [""] + details }
        }
        lines += section("peer files", status.peerFaults.map { "\($0)" + ($0.isHarmless ? " (harmless)" : "") })
        lines += section(conflictHeading, status.conflicts.examples)
        return lines.joined(separator: "\n") + "\n"
    }

    private var own: [String] {
        var lines = ["cluster \(status.cluster) (ID \(status.clusterID)): \(status.isReady ? "ready" : "not ready")"]
        lines += status.obstacles.map { "  \($0)" }
        var facts = ["store \(hex(status.storeID))", "revision \(status.revision)"]
        if !status.isInitialStateComplete { facts.append("state not complete") }
        if status.rejectedLocalRecords > 0 { facts.append("\(status.rejectedLocalRecords) own records not valid") }
        lines.append("  " + facts.joined(separator: ", "))
        if let followed = status.followed {
            lines.append(
                "  follows \(followed.endpoint), \(followed.state) for \(followed.since.brief)"
                    + (followed.staleness.map { $0 > .zero ? ", stale for \($0.brief)" : "" } ?? ", never read"))
        }
        if let end = status.certificateExpiry { lines.append("  own certificate \(CertificateEnd(end, now: now))") }
        return lines
    }

    private var table: [String] {
        let kinds = [
            ("NODES", "node"), ("SERVICES", "service"), ("IDENTITIES", "identity"), ("IPS", "ip"),
            ("EXPORTS", "serviceExport"),
        ]
        var table = TextTable(
            [("PEER", .left), ("ID", .right), ("STATE", .left), ("FOR", .right)]
                + kinds.map { ($0.0, .right) } + [("LAG", .right), ("STALE", .right), ("NEXT TRY", .right)])
        for peer in status.peers {
            let counts = kinds.map { kind in
                // What is held, and a mark where it may not be all that there is.
                let isUnsynced = peer.kinds.contains { $0.name == kind.1 && $0.isFollowed && !$0.isSynced }
                return "\(peer.count(of: kind.1))\(isUnsynced ? "*" : "")"
            }
            let times = [
                peer.lagRevisions == 0 ? "-" : "\(peer.lagRevisions) (\(peer.lag.brief))",
                peer.staleness.map { $0 == .zero ? "-" : $0.brief } ?? "never read",
                peer.nextAttempt.map { "in \($0.brief)" } ?? "-",
            ]
            table.add([peer.cluster, peer.id.map(String.init) ?? "?", peer.state, peer.since.brief] + counts + times)
        }
        let hasMarks = status.peers.contains { $0.kinds.contains { $0.isFollowed && !$0.isSynced } }
        return table.lines + (hasMarks ? ["* not known to be all of them on the present connection"] : [])
    }

    private var conflictHeading: String {
        let conflicts = status.conflicts
        let parts = [
            conflicts.addresses == 0 ? nil : "\(conflicts.addresses) of addresses",
            conflicts.podCIDRs == 0 ? nil : "\(conflicts.podCIDRs) of pods' ranges",
        ]
        return "conflicts, " + parts.compactMap(\.self).joined(separator: " and ")
    }

    private func section(_ heading: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", "\(heading):"] + lines.map { "  \($0)" }
    }
}

/// A number as etcd's tools write the ones of stores and members.
func hex(_ number: UInt64) -> String { String(number, radix: 16) }

/// When a certificate ends, for people.
struct CertificateEnd: CustomStringConvertible {
    private let end: Int64
    private let now: Int64

    init(_ end: Int64, now: Int64) {
        (self.end, self.now) = (end, now)
    }

    /// Whether it ended, or will soon.
    var isNear: Bool { end - now < StatusReport.certificateNotice }

    var description: String {
        let time = Duration.seconds(abs(end - now)).brief
        return end < now
            ? "ended at \(UTCTime.text(end)), \(time) ago" : "valid until \(UTCTime.text(end)), for \(time)"
    }
}
