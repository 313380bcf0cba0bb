internal import MeshCore
public import MeshWire

extension ListWatchStateMachine {
    /// The watch that the last step asked for got a message; parts of one message are already joined.
    public mutating func watchMessageReceived(
        _ message: WatchServerMessage,
        budget: inout FollowBudget
    ) -> ListWatchStep {
        guard case .watching(var watching) = state else { preconditionFailure("a watch message in state \(state)") }
        if let failure = checkPin(message.header) { return failure }
        if let header = message.header { storeRevision = max(storeRevision, header.revision) }
        if message.canceled { return watchCanceled(message) }
        if message.created {
            // This header's revision is the store's present one: events up to it are still to come.
            watching.isCreated = true
            state = .watching(watching)
            if message.events.isEmpty { return ListWatchStep(next: .wait) }
        }
        guard watching.isCreated else {
            return abort(.protocolViolation, "the watch got events before it was confirmed")
        }
        guard !message.events.isEmpty else { return progressReceived(message.header?.revision ?? .none) }
        return eventsReceived(message.events, budget: &budget)
    }

    private mutating func watchCanceled(_ message: WatchServerMessage) -> ListWatchStep {
        if message.compactRevision > .none {
            return beginListing(because: .compacted)
        }
        let reason = message.cancelReason.isEmpty ? "without a reason" : message.cancelReason
        return message.created
            ? abort(.watchRefused, "the server refused the watch: \(reason)")
            : abort(.watchEnded, "the server ended the watch: \(reason)")
    }

    private mutating func progressReceived(_ revision: Revision) -> ListWatchStep {
        guard var cursor, cursor.revision < revision else { return ListWatchStep(next: .wait) }
        cursor.revision = revision
        self.cursor = cursor
        restarts = 0
        noteApplied(revision)
        return ListWatchStep(batch: FollowedBatch(events: [], revision: revision), next: .wait)
    }

    private mutating func eventsReceived(_ events: [WatchEvent], budget: inout FollowBudget) -> ListWatchStep {
        guard var cursor else { return abort(.protocolViolation, "events came although a listing is due") }
        let complete = cursor.revision
        var taken: [WatchEvent] = []
        taken.reserveCapacity(events.count)
        var last: (event: WatchEvent, fingerprint: Int)?
        for event in events {
            let revision = event.revision
            guard revision > complete, revision >= cursor.revision else {
                return abort(
                    .protocolViolation,
                    "an event of '\(event.pair.key)' at revision \(revision) came after revision \(cursor.revision) was complete"
                )
            }
            guard event.pair.isKey(in: range) else {
                return abort(
                    .protocolViolation, "an event of '\(event.pair.key)' came, which is not in the range")
            }
            let fingerprint: Int?
            switch event.kind {
            case .put: fingerprint = known.put(event.pair, budget: &budget)
            case .delete: fingerprint = known.delete(event.pair, budget: &budget)
            }
            cursor.revision = revision
            if let fingerprint {
                taken.append(event)
                last = (event, fingerprint)
            }
        }
        if let (event, fingerprint) = last {
            cursor.lastChange = Change(
                key: event.pair.key, revision: event.revision, kind: event.kind, fingerprint: fingerprint)
        }
        self.cursor = cursor
        restarts = 0
        noteApplied(cursor.revision)
        return ListWatchStep(batch: FollowedBatch(events: taken, revision: cursor.revision), next: .wait)
    }
}
