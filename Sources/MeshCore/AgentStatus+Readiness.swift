extension AgentStatus {
    /// Why the agent is not ready, a reason a line; empty if it is: its own state is declared complete, the etcd that it
    /// follows is followed, every peer's file can be used, and what it holds of every peer is current.
    public var obstacles: [String] {
        var obstacles: [String] = []
        if !isInitialStateComplete { obstacles.append("the own state is not declared complete") }
        if let followed, followed.staleness != .zero {
            let why = followed.lastError.map { ": \($0)" } ?? ""
            obstacles.append("the replica of the followed etcd is \(followed.state)\(why)")
        }
        obstacles += peerFaults.filter { !$0.isHarmless }.map { "\($0)" }
        obstacles += peers.filter { !$0.isCurrent }.map { "\($0.cluster) is \($0.explanation)" }
        return obstacles
    }

    /// Whether nothing is missing; see ``obstacles``.
    public var isReady: Bool { obstacles.isEmpty }
}

extension AgentStatus.Peer {
    /// The state and, where it is not the wanted one, what it waits for or what failed.
    public var explanation: String {
        if isCurrent { return state }
        let unsynced = kinds.filter { $0.isFollowed && !$0.isSynced }.map { kind in
            kind.isAwaitingCanary ? "the canary of \(kind.name)" : kind.name
        }
        // While a connection lives, what it waits for says more than why the one before it ended.
        if lastError == nil, !unsynced.isEmpty {
            return "\(state), waiting for: \(unsynced.joined(separator: ", "))"
        }
        return state + (lastError.map { ": \($0)" } ?? "")
    }
}

extension AgentStatus.PeerFault: CustomStringConvertible {
    /// `peers/kos:3: endpoints: …`, as far as line and key are known.
    public var description: String {
        "\(file):\(line.map { "\($0):" } ?? "") \(key.map { "\($0): " } ?? "")\(message)"
    }
}
