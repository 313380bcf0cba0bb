internal import Synchronization

/// A value that one thread makes and a task takes out of a continuation.
///
/// The runtime orders the two; where the continuation is resumed before its task has suspended, it does so unseen by
/// ThreadSanitizer. The atomic says it aloud.
final class HandedOver<Value: Sendable>: Sendable {
    private let handOff = Atomic<UInt8>(0)
    private let value: Value

    init(_ value: Value) {
        self.value = value
        handOff.store(1, ordering: .releasing)
    }

    /// The value, for the one it was made for.
    func take() -> Value {
        _ = handOff.load(ordering: .acquiring)
        return value
    }
}
