package import MeshCore
internal import MeshWire

extension WatchSessionStateMachine {
    /// What follows from a change of what the peer may watch.
    package struct AccessAction: Equatable, Sendable {
        /// Whether there is something to send: the ends of watches.
        package var sends = false
        /// Whether the prepared message must not be sent any more.
        package var dropsPrepared = false
    }

    /// From now on the peer may watch the keys in `readable`: watches outside are cancelled with the text with which
    /// they would be refused now, and what they were still to be sent is dropped.
    ///
    /// The ends of watches wait beside the answers to requests, one for each watch at most.
    ///
    /// - Parameter prepared: The message that ``next(store:)`` or ``readFinished(_:)`` returned last, if it has not been
    ///   sent.
    package mutating func accessChanged(
        to readable: KeyRangeSet,
        prepared: WatchMessage?,
        store: Revision
    ) -> AccessAction {
        precondition(reading == nil, "a read is not finished")
        storeAdvanced(to: store)
        var action = AccessAction()
        guard self.readable != readable else { return action }
        self.readable = readable
        // What is prepared under the ID of a watch that is not confirmed yet is of one before it, which the client ended:
        // its end, which waits before that confirmation, says that this was sent.
        let unconfirmed = Set(answers.filter(\.created).map(\.watchID))
        for (id, slot) in watchesByID where !readable.contains(groups[watches[slot].group].subscription.range) {
            var last = sent(to: slot)
            let prepared = unconfirmed.contains(id) ? nil : prepared
            if !unconfirmed.contains(id), let unsent = parts, unsent.head.watchID == id {
                last = unsent.lastRevisionBefore ?? last
                parts = nil
            }
            if let prepared, prepared.head.watchID == id, let before = prepared.lastRevisionBefore {
                last = before
                action.dropsPrepared = true
            }
            remove(slot)
            answers.append(
                WatchResponseHead(
                    header: header(last),
                    watchID: id,
                    canceled: true,
                    cancelReason: EtcdError.permissionDenied.description
                )
            )
            action.sends = true
        }
        return action
    }

    /// All watches in the order of their IDs, so that equal sessions act alike.
    var watchesByID: [(id: Int64, slot: Int32)] {
        watchSlots.map { (id: $0.key, slot: $0.value) }.sorted { $0.id < $1.id }
    }
}

extension WatchMessage {
    /// The last revision that was complete before this message's events; `nil` if it has none.
    fileprivate var lastRevisionBefore: Revision? {
        guard let events, !events.events.isEmpty else { return nil }
        return events.segment.revision(ofEvent: events.events.lowerBound).previous
    }
}
