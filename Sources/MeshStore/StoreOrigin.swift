public import MeshCore

/// Which history a state of a store belongs to: what headers say of it beside the revision.
///
/// A local store has one for life. A replicated store gets another one when what it follows turns out to be another
/// store, or the same one with another past.
public struct StoreOrigin: Hashable, Sendable {
    /// Which store this is.
    public let identity: StoreIdentity

    /// The term of the consensus that the history comes from; 1 where there is none.
    public internal(set) var raftTerm: UInt64

    /// Counts the histories that a store has had. Revisions of different ones must not be compared.
    package let generation: UInt64

    /// The generation of a replicated store that was never told what to hold.
    static let noHistory: UInt64 = 0

    /// A store's first history, unless a generation is given.
    init(identity: StoreIdentity, raftTerm: UInt64 = 1, generation: UInt64 = 1) {
        self.identity = identity
        self.raftTerm = raftTerm
        self.generation = generation
    }

    /// The header of an answer from this history.
    package func header(at revision: Revision) -> ResponseHeader {
        ResponseHeader(
            clusterID: identity.clusterID,
            memberID: identity.memberID,
            revision: revision,
            raftTerm: raftTerm
        )
    }
}

/// Where a store stands: its history and the last revision of it, read at one moment.
package struct StoreHead: Hashable, Sendable {
    /// The history.
    package let origin: StoreOrigin

    /// The revision of the last commit.
    package let revision: Revision

    /// The first revision that a watch can begin with.
    package let firstWatchable: Revision

    /// The header of an answer that is given now.
    package var header: ResponseHeader { origin.header(at: revision) }

    /// Whether there is anything to read: a replicated store has nothing before its first list.
    package var isReadable: Bool { origin.generation != StoreOrigin.noHistory }
}
