internal import MeshCore

/// Which cluster has which number, so that no two of an agent's peers have one, and none has the agent's own.
///
/// A number belongs to the first that proves to have it; one that the configuration gives to a peer is kept for it, also
/// while it is away.
struct ClusterIDTable: Sendable {
    let ownName: ClusterName
    let ownID: ClusterID
    private var holders: [ClusterID: ClusterName] = [:]
    private var numbers: [ClusterName: ClusterID] = [:]
    private var configured: [ClusterID: ClusterName] = [:]

    init(_ ownName: ClusterName, _ ownID: ClusterID) {
        self.ownName = ownName
        self.ownID = ownID
    }

    /// These numbers are the configuration's.
    mutating func configure(_ peers: [PeerConfiguration]) {
        configured = [:]
        for peer in peers {
            if let id = peer.id { configured[id] = peer.name }
        }
    }

    /// Gives a number to a peer, in the place of the one that it may have; answers why not.
    mutating func reserve(_ id: ClusterID, for peer: ClusterName) -> String? {
        if id == ownID { return "ID \(id) is that of this cluster, '\(ownName)'; IDs are unique in a mesh" }
        if let holder = holders[id], holder != peer {
            return "ID \(id) is taken by peer '\(holder)'; IDs are unique in a mesh"
        }
        if let holder = configured[id], holder != peer {
            return "ID \(id) is configured for peer '\(holder)'; IDs are unique in a mesh"
        }
        release(peer)
        holders[id] = peer
        numbers[peer] = id
        return nil
    }

    /// The peer has no number any more.
    mutating func release(_ peer: ClusterName) {
        if let id = numbers.removeValue(forKey: peer) { holders[id] = nil }
    }
}
