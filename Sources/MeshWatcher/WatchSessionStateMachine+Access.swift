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
        precondition(reading == nil, "watch \(reading ?? 0) still reads")
        storeAdvanced(to: store)
        var action = AccessAction()
        guard self.readable != readable else { return action }
        self.readable = readable
        // In the order of their IDs, so that equal sessions act alike.
        let ended = watches.filter { !readable.contains($0.value.subscription.range) }.sorted { $0.key < $1.key }
        // What is prepared under the ID of a watch that is not confirmed yet is of one before it, which the client ended:
        // its end, which waits before that confirmation, says that this was sent.
        let unconfirmed = Set(answers.filter(\.created).map(\.watchID))
        for (id, watch) in ended {
            var last = sent(to: watch)
            let prepared = unconfirmed.contains(id) ? nil : prepared
            if !unconfirmed.contains(id), let unsent = parts, unsent.head.watchID == id {
                last = unsent.lastRevisionBefore ?? last
                parts = nil
            }
            if let prepared, prepared.head.watchID == id, let before = prepared.lastRevisionBefore {
                last = before
                action.dropsPrepared = true
            }
            remove(id)
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
}

extension WatchMessage {
    /// The last revision that was complete before this message's events; `nil` if it has none.
    fileprivate var lastRevisionBefore: Revision? {
        guard let events, !events.events.isEmpty else { return nil }
        return events.segment.revision(ofEvent: events.events.lowerBound).previous
    }
}
