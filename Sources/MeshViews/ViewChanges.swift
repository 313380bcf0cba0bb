/// One step of following a view.
public struct ViewUpdate<Engine: MergeEngine>: Sendable {
    /// The merged picture, with ``changes`` in it.
    public let state: Engine

    /// What differs from the state of the element before, in the order in which it happened.
    ///
    /// `nil` in the first element, and whenever the follower was too slow: take ``state`` as a whole. Empty if only the
    /// marks of the clusters changed.
    public let changes: [Engine.Change]?
}

/// Follows a view: first a snapshot, then every change after it, none twice and none left out.
///
/// Changes that gather while the follower works arrive together in one element. How many can gather is bounded by
/// ``View/maximumPendingChanges``; beyond, they are dropped, and the next element is a snapshot again.
/// The sequence ends when the view is finished or the task cancelled.
public struct ViewChanges<Engine: MergeEngine>: AsyncSequence, Sendable {
    public typealias Element = ViewUpdate<Engine>

    let view: View<Engine>

    public func makeAsyncIterator() -> Iterator {
        Iterator(view: view)
    }

    /// Follows on its own: nothing is kept for it before its first `next()`, nor after it is gone.
    public struct Iterator: AsyncIteratorProtocol {
        let view: View<Engine>
        private var following: Following?

        fileprivate init(view: View<Engine>) {
            self.view = view
        }

        public mutating func next() async -> ViewUpdate<Engine>? {
            await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> ViewUpdate<Engine>? {
            let following = following ?? Following(view)
            self.following = following
            return await view.next(following.id)
        }
    }

    /// Ends the following when the last copy of the iterator is gone.
    private final class Following: Sendable {
        let id: FollowerID
        private let view: View<Engine>

        init(_ view: View<Engine>) {
            self.view = view
            id = view.follow()
        }

        deinit {
            view.unfollow(id)
        }
    }
}
