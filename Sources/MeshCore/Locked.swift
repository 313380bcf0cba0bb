#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// State behind a mutex, reachable only while the mutex is held.
///
/// This is the one lock of the project. It is a POSIX mutex because ThreadSanitizer sees a POSIX mutex, and does not
/// see `Synchronization.Mutex`. It is not recursive: taking it again inside `withLock` stops the process.
///
/// - Important: Do nothing under the lock that can wait, and resume no continuation there.
///
/// `@unchecked Sendable` holds because `storage` is touched only inside `withLock`, `withLockIfAvailable`, `init` and
/// `deinit`: the first two hold the mutex, the last two have the only reference. The `sending` annotations keep
/// references to the state from leaking in or out.
public final class Locked<State: ~Copyable>: @unchecked Sendable {
    // In one block, as they are used together.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline let storage: UnsafeMutablePointer<State>

    /// Puts `state` behind a new mutex.
    public init(_ state: consuming sending State) {
        let alignment = max(MemoryLayout<pthread_mutex_t>.alignment, MemoryLayout<State>.alignment)
        let offset = (MemoryLayout<pthread_mutex_t>.size + alignment - 1) / alignment * alignment
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: offset + MemoryLayout<State>.size,
            alignment: alignment
        )
        mutex = block.bindMemory(to: pthread_mutex_t.self, capacity: 1)
        storage = (block + offset).bindMemory(to: State.self, capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ERRORCHECK))
        let result = pthread_mutex_init(mutex, &attributes)
        pthread_mutexattr_destroy(&attributes)
        precondition(result == 0, "pthread_mutex_init failed with \(result)")
        storage.initialize(to: state)
    }

    deinit {
        storage.deinitialize(count: 1)
        pthread_mutex_destroy(mutex)
        // The whole block.
        UnsafeMutableRawPointer(mutex).deallocate()
    }

    // Apart from `withLock`, so that it can be specialised where it is used: with the state's layout known, a hold costs
    // little more than the mutex.
    @usableFromInline func lock() {
        let result = pthread_mutex_lock(mutex)
        precondition(result == 0, "a lock was taken twice by the same thread (pthread_mutex_lock: \(result))")
    }

    @usableFromInline func lockIfAvailable() -> Bool { pthread_mutex_trylock(mutex) == 0 }

    @usableFromInline func unlock() { pthread_mutex_unlock(mutex) }

    /// Waits for the mutex, runs `body` with the state, releases the mutex and returns what `body` returned.
    @inlinable
    public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        lock()
        defer { unlock() }
        return try body(&storage.pointee)
    }

    /// Runs `body` if the mutex is free; returns `nil` at once if it is not.
    @inlinable
    public borrowing func withLockIfAvailable<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result? {
        guard lockIfAvailable() else { return nil }
        defer { unlock() }
        return try body(&storage.pointee)
    }
}
