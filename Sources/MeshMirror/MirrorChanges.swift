public import MeshRecords

/// What changes at a mirror, in batches, from one snapshot on and without a gap.
///
/// A batch is one revision of the peer's or more, each whole, or a part of a listing. A subscriber that falls behind by
/// more than ``MirrorConfiguration/maximumPendingChanges`` gets one batch with the difference between what it has and
/// what is, instead of every step between.
///
/// It ends when the mirror is shut down or removed, or when the task is cancelled. One task may iterate it, once.
public struct MirrorChanges: AsyncSequence, Sendable {
    public typealias Element = [RecordUpdate]

    /// The state from which the first batch leads on.
    public let snapshot: MirrorSnapshot

    let subscription: Subscription

    /// Ends the subscription when the last copy of the sequence and of its iterator is gone.
    final class Subscription: Sendable {
        let mailbox: ChangeMailbox<MirrorSnapshot, RecordUpdate>
        private let end: @Sendable () -> Void

        init(_ mailbox: ChangeMailbox<MirrorSnapshot, RecordUpdate>, end: @escaping @Sendable () -> Void) {
            self.mailbox = mailbox
            self.end = end
        }

        deinit { end() }
    }

    /// Takes batches.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let subscription: Subscription

        /// The next batch, never empty; `nil` at the end.
        public func next() async -> [RecordUpdate]? {
            while true {
                switch await subscription.mailbox.next() {
                case .changes(let changes): return changes
                case .difference(from: let before, to: let now):
                    let updates = before.updates(to: now)
                    if !updates.isEmpty { return updates }
                case .end: return nil
                }
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription: subscription) }
}
