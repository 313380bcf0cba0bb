internal import Synchronization

/// What goes into core with a request for an event and comes back out of a completion queue with the event.
///
/// While core has the tag, core holds the only reference that counts: `lend()` adds one, `takeBack(_:)` removes it,
/// exactly once. A start that core refuses must be followed by `takeBack(_:)` at once, as no event follows then.
///
/// `@unchecked Sendable`: a subclass's properties belong to the thread that prepares the tag until `lend()`, and to
/// the poller from `takeBack(_:)` on. `handOff` orders the two for the memory model; core orders them in fact, but
/// ThreadSanitizer, which does not see into core, could not know.
class CompletionTag: @unchecked Sendable {
    private let handOff = Atomic<UInt8>(0)

    /// The event arrived. Called on a poller, which must not wait.
    func completed(success: Bool) {
        preconditionFailure("\(type(of: self)) does not say what its event means")
    }

    /// The pointer that goes into core.
    final func lend() -> UnsafeMutableRawPointer {
        let pointer = Unmanaged.passRetained(self).toOpaque()
        handOff.store(1, ordering: .releasing)
        return pointer
    }

    /// The tag that a pointer out of core stands for.
    static func takeBack(_ pointer: UnsafeMutableRawPointer) -> CompletionTag {
        let tag = Unmanaged<CompletionTag>.fromOpaque(pointer).takeRetainedValue()
        _ = tag.handOff.load(ordering: .acquiring)
        return tag
    }
}
