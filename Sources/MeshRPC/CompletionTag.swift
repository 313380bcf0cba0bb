internal import Synchronization

/// What goes into core with a request for an event and comes back out of a completion queue with the event.
///
/// While core has the tag, core holds the only reference that counts: `lend(_:)` adds one, `takeBack(_:)` removes it,
/// exactly once. A start that core refuses must be followed by `takeBack(_:)` at once, as no event follows then.
///
/// An object can be lent several times at a time, under numbers that say for what.
///
/// `@unchecked Sendable`: what a subclass has besides constants is behind a lock, or belongs to the thread that prepares
/// an event until `lend(_:)` and to the poller from `takeBack(_:)` on. `handOff` orders the two for the memory model; core
/// orders them in fact, but ThreadSanitizer, which does not see into core, could not know.
class CompletionTag: @unchecked Sendable {
    /// How many numbers there are: they travel in the bits of the pointer that are zero in every object's address.
    static let numbers = 8

    /// Counted up, never set, so that who takes back is ordered behind all who have lent.
    private let handOff = Atomic<UInt32>(0)

    /// The event of a number arrived. Called on a poller, which must not wait.
    func completed(_ number: Int, success: Bool) {
        preconditionFailure("\(type(of: self)) does not say what its event means")
    }

    /// The pointer that goes into core.
    final func lend(_ number: Int = 0) -> UnsafeMutableRawPointer {
        precondition(number >= 0 && number < Self.numbers)
        let pointer = Unmanaged.passRetained(self).toOpaque()
        handOff.wrappingAdd(1, ordering: .acquiringAndReleasing)
        return pointer + number
    }

    /// The tag that a pointer out of core stands for, and the number it was lent under.
    static func takeBack(_ pointer: UnsafeMutableRawPointer) -> (tag: CompletionTag, number: Int) {
        let number = Int(UInt(bitPattern: pointer) % UInt(numbers))
        let tag = Unmanaged<CompletionTag>.fromOpaque(pointer - number).takeRetainedValue()
        _ = tag.handOff.load(ordering: .acquiring)
        return (tag, number)
    }
}
