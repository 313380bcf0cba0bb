internal import MeshCore

/// What is to be done with a mirror.
enum PeerAction<Mirror> {
    /// Run it.
    case start(ClusterName, Mirror)
    /// Reach the peer as it is configured now; what is held of it stays.
    case change(Mirror, from: PeerConfiguration, to: PeerConfiguration)
    /// Withdraw everything that it holds, and then end it.
    case drain(ClusterName, Mirror)
}

extension PeerAction: Sendable where Mirror: Sendable {}
extension PeerAction: Equatable where Mirror: Equatable {}

/// Decides which mirrors there are: what is configured, against what runs and what still withdraws.
///
/// A peer that was removed withdraws all that it said, which takes a moment. If it is configured again before that is
/// over, its new mirror waits; if it is removed once more, nothing is left to wait for. So two mirrors of one name never
/// run, and what the former says in the end never mixes with what the next one says.
///
///     (none) ─▶ waiting ─▶ running ─▶ draining ─▶ (none), or running if it was configured again
///
/// Pure: mirrors are made, run and drained by the owner, and are of any type.
struct PeerSetStateMachine<Mirror>: ~Copyable {
    /// A peer with its mirror.
    struct Peer {
        var configuration: PeerConfiguration
        var mirror: Mirror
    }

    private enum Entry {
        /// Configured; its mirror does not run, because none does.
        case waiting(Peer)
        case running(Peer)
        /// A former mirror withdraws; `next` is to run after it.
        case draining(next: Peer?)

        /// The peer as it is configured; `nil` if it is being removed.
        var configured: Peer? {
            switch self {
            case .waiting(let peer), .running(let peer): peer
            case .draining(let next): next
            }
        }
    }

    private var entries: [ClusterName: Entry] = [:]
    private var isRunning = false

    /// The peers as they are configured, by name: those that are being removed are none of them.
    private(set) var configured: [Peer] = []

    /// The peer of this name, as it is configured.
    subscript(name: ClusterName) -> Peer? { entries[name]?.configured }

    /// Whether ``configure(_:made:)`` needs a new mirror for this peer.
    func needsMirror(for peer: PeerConfiguration) -> Bool {
        self[peer.name]?.configuration.canBecome(peer) != true
    }

    // MARK: Configuration

    /// These peers are wanted, and no others.
    ///
    /// - Parameters:
    ///   - peers: Each name once.
    ///   - made: New mirrors of those that need one. Others are not looked at.
    mutating func configure(_ peers: [PeerConfiguration], made: [ClusterName: Mirror]) -> [PeerAction<Mirror>] {
        var actions: [PeerAction<Mirror>] = []
        let names = Set(peers.map(\.name))
        for name in entries.keys.filter({ !names.contains($0) }).sorted() { remove(name, &actions) }
        for peer in peers.sorted(by: { $0.name < $1.name }) { set(peer, made[peer.name], &actions) }
        noteConfigured()
        return actions
    }

    private mutating func remove(_ name: ClusterName, _ actions: inout [PeerAction<Mirror>]) {
        switch entries[name] {
        case .waiting, nil:
            entries[name] = nil
        case .running(let peer):
            entries[name] = .draining(next: nil)
            actions.append(.drain(name, peer.mirror))
        case .draining:
            entries[name] = .draining(next: nil)
        }
    }

    private mutating func set(
        _ configuration: PeerConfiguration, _ made: Mirror?, _ actions: inout [PeerAction<Mirror>]
    ) {
        let name = configuration.name
        let former = entries[name]
        let peer: Peer
        if let present = former?.configured, present.configuration.canBecome(configuration) {
            if present.configuration == configuration { return }
            actions.append(.change(present.mirror, from: present.configuration, to: configuration))
            peer = Peer(configuration: configuration, mirror: present.mirror)
            switch former {
            case .running: entries[name] = .running(peer)
            case .draining: entries[name] = .draining(next: peer)
            case .waiting, nil: entries[name] = .waiting(peer)
            }
            return
        }
        guard let made else { preconditionFailure("no mirror was made for the new peer \(name)") }
        peer = Peer(configuration: configuration, mirror: made)
        switch former {
        case .running(let present):
            entries[name] = .draining(next: peer)
            actions.append(.drain(name, present.mirror))
        case .draining:
            entries[name] = .draining(next: peer)
        case .waiting, nil:
            entries[name] = isRunning ? .running(peer) : .waiting(peer)
            if isRunning { actions.append(.start(name, made)) }
        }
    }

    private mutating func noteConfigured() {
        configured = entries.values.compactMap(\.configured).sorted { $0.configuration.name < $1.configuration.name }
    }

    // MARK: Running

    /// Mirrors can run from now on.
    mutating func began() -> [PeerAction<Mirror>] {
        isRunning = true
        return configured.compactMap { peer in
            let name = peer.configuration.name
            switch entries[name] {
            case .waiting:
                entries[name] = .running(peer)
                return .start(name, peer.mirror)
            case .running, .draining, nil:
                return nil
            }
        }
    }

    /// No mirror runs any more, and none will: what they held stays.
    mutating func ended() {
        isRunning = false
        for (name, entry) in entries { entries[name] = entry.configured.map { .waiting($0) } }
    }

    /// The mirror that ran under this name has ended: it was drained, or was shut down with everything else.
    mutating func mirrorEnded(_ name: ClusterName) -> PeerAction<Mirror>? {
        switch entries[name] {
        case .draining(let next?):
            entries[name] = isRunning ? .running(next) : .waiting(next)
            return isRunning ? .start(name, next.mirror) : nil
        case .draining(nil):
            entries[name] = nil
            return nil
        case .running(let peer):
            entries[name] = .waiting(peer)
            return nil
        case .waiting, nil:
            return nil
        }
    }
}

extension PeerSetStateMachine.Peer: Sendable where Mirror: Sendable {}
