internal import CGRPC
internal import Glibc

/// Threads of the transport: few, named, and living as long as the process.
enum TransportThread {
    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Starts a thread. `name` has at most 15 characters, as the kernel allows.
    ///
    /// - Precondition: The system has room for a thread; these few are started with the first server or channel.
    static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
        // Signals belong to the program's own threads: a thread inherits the mask of the one that starts it.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

        var thread = pthread_t()
        let body = Unmanaged.passRetained(
            Body {
                cgrpc_name_this_thread(name)
                run()
            }
        )
        let result = pthread_create(
            &thread,
            nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            },
            body.toOpaque()
        )
        precondition(result == 0, "cannot start the thread \(name): error \(result)")
        pthread_detach(thread)
    }
}
