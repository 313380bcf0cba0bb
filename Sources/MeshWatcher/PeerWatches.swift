internal import MeshCore

/// How many watches the clients of each name have at a server, over all their streams.
///
/// There is an entry as long as there is something to count, so there are never more than open streams.
final class PeerWatches: Sendable {
    private let maximum: Int
    private let counts = Locked<[PeerName: Int]>([:])

    /// At most `maximum` for each name.
    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Counts one more watch of a client; false, and nothing counted, if it has as many as it may.
    func open(for peer: PeerName) -> Bool {
        counts.withLock { counts in
            let count = counts[peer, default: 0]
            guard count < maximum else { return false }
            counts[peer] = count + 1
            return true
        }
    }

    /// So many watches that were counted have ended.
    func close(_ count: Int, of peer: PeerName) {
        guard count > 0 else { return }
        counts.withLock { counts in
            let left = counts[peer, default: 0] - count
            counts[peer] = left > 0 ? left : nil
        }
    }

    /// How many watches a client has.
    func count(of peer: PeerName) -> Int { counts.withLock { $0[peer, default: 0] } }

    /// How many clients have watches.
    var peers: Int { counts.withLock { $0.count } }
}
