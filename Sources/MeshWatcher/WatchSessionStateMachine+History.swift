package import MeshCore
internal import MeshWire

extension WatchSessionStateMachine {
    /// The store is, at this moment, in the history `generation`, with `header`: tell it before anything else.
    ///
    /// If that is not the history that the watches are in, their places mean nothing any more: all of them are
    /// cancelled as if history had been compacted, which makes clients list again. If it is even another store, the
    /// stream ends behind the cancellations, because a stream tells one `cluster_id` only.
    ///
    /// The cancellations wait beside the answers to requests, one for each watch.
    ///
    /// - Parameter firstWatchable: the first revision that a watch can begin with in that history.
    package mutating func historyObserved(_ header: ResponseHeader, of generation: UInt64, firstWatchable: Revision) {
        precondition(reading == nil, "a read is not finished")
        guard ending == nil else { return }
        guard generation != self.generation else {
            raftTerm = max(raftTerm, header.raftTerm)
            return
        }
        self.generation = generation
        for (id, slot) in watchesByID {
            answers.append(
                WatchResponseHead(
                    header: self.header(sent(to: slot)),
                    watchID: id,
                    canceled: true,
                    compactRevision: firstWatchable
                )
            )
            remove(slot)
        }
        guard header.clusterID == identity.clusterID else {
            ending = .otherStore
            return
        }
        raftTerm = header.raftTerm
        storeRevision = header.revision
        forgetProgress(at: header.revision)
    }
}

extension EtcdError {
    /// A stream that has told one store's `cluster_id` ends, because another store is served from now on.
    static let otherStore = EtcdError(
        .unavailable,
        "etcdserver: another store is served here from now on: connect again and list again"
    )
}
