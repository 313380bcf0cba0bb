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
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let storage: UnsafeMutablePointer<State>

    /// Puts `state` behind a new mutex.
    public init(_ state: consuming sending State) {
        mutex = .allocate(capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ERRORCHECK))
        let result = pthread_mutex_init(mutex, &attributes)
        pthread_mutexattr_destroy(&attributes)
        precondition(result == 0, "pthread_mutex_init failed with \(result)")
        storage = .allocate(capacity: 1)
        storage.initialize(to: state)
    }

    deinit {
        storage.deinitialize(count: 1)
        storage.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Waits for the mutex, runs `body` with the state, releases the mutex and returns what `body` returned.
    public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        let result = pthread_mutex_lock(mutex)
        precondition(result == 0, "a lock was taken twice by the same thread (pthread_mutex_lock: \(result))")
        defer { pthread_mutex_unlock(mutex) }
        return try body(&storage.pointee)
    }

    /// Runs `body` if the mutex is free; returns `nil` at once if it is not.
    public borrowing func withLockIfAvailable<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result? {
        guard pthread_mutex_trylock(mutex) == 0 else { return nil }
        defer { pthread_mutex_unlock(mutex) }
        return try body(&storage.pointee)
    }
}
