/// The wish to be woken after commits; it ends with ``cancel()`` or with the last reference to it.
public final class CommitSubscription: Sendable {
    typealias ID = UInt64

    private let id: ID
    private let publication: StorePublication

    init(id: ID, publication: StorePublication) {
        self.id = id
        self.publication = publication
    }

    deinit {
        cancel()
    }

    /// Ends the subscription. A call that another thread has begun may still be under way when this returns.
    public func cancel() {
        publication.unsubscribe(id)
    }
}
