import Foundation
import Glibc
internal import MeshCore

/// A link that could not be set up, and why.
public struct FaultyLinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    public var message: String

    init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}

/// A TCP relay on loopback that can be made to misbehave: put it between a mirror and a server.
///
/// It listens on a port of its own and passes what it gets to the target's port and back. ``stall()``, ``cut()``,
/// ``delay(_:)`` and ``throttle(bytesPerSecond:)`` change how it treats open and new connections; ``heal()`` takes all
/// of that back. It holds at most 256 KiB in each direction of a connection, and runs one thread however many
/// connections there are, until ``close()``.
///
/// ```swift
/// let link = try FaultyLink(to: server.port)
/// // … connect to 127.0.0.1:link.port instead …
/// link.cut()
/// link.heal()
/// await link.close()
/// ```
///
/// Every method may be called from any task; each takes effect within a millisecond or two.
public final class FaultyLink: Sendable {
    /// What went through a link since it was made.
    public struct Statistics: Hashable, Sendable {
        /// Connections that were taken and passed on.
        public var connections = 0
        /// Connections open now.
        public var openConnections = 0
        /// Bytes that went from clients to the target.
        public var bytesToTarget = 0
        /// Bytes that went from the target to clients.
        public var bytesToClients = 0
    }

    struct State {
        var target: Int
        var condition = LinkCondition()
        var dropEverything = false
        var closing = false
        var statistics = Statistics()
        var finished = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// The port of 127.0.0.1 to connect to.
    public let port: Int

    let state: Locked<State>
    let wake: WakePipe

    /// Relays between a free port of its own (or `port`) and `target`, a port of 127.0.0.1.
    ///
    /// - Throws: ``FaultyLinkError`` if the port cannot be listened on.
    public init(to target: Int, port: Int = 0) throws(FaultyLinkError) {
        state = Locked(State(target: target))
        let listener = try LoopbackSocket.listening(port: port)
        self.port = listener.port
        guard let wake = WakePipe() else {
            listener.socket.close()
            throw FaultyLinkError("cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        self.wake = wake
        let relay = Relay(listener: listener.socket, wake: wake, state: state)
        let thread = Thread { relay.run() }
        thread.name = "faulty-link"
        thread.start()
    }

    /// Lets nothing through; connections stay open, and new ones are taken but hear nothing.
    public func stall() { change { $0.condition.stalled = true } }

    /// Resets every connection and refuses new ones until ``heal()``.
    public func cut() {
        change {
            $0.condition.refusing = true
            $0.dropEverything = true
        }
    }

    /// Resets every connection that is open now; new ones pass.
    public func dropConnections() { change { $0.dropEverything = true } }

    /// Holds every byte back for `latency`, in both directions.
    public func delay(_ latency: Duration) { change { $0.condition.latency = latency } }

    /// Lets at most so many bytes a second pass in each direction of each connection.
    public func throttle(bytesPerSecond: Int) { change { $0.condition.bytesPerSecond = max(1, bytesPerSecond) } }

    /// Passes new connections on to another port of 127.0.0.1; open connections stay as they are.
    public func retarget(to target: Int) { change { $0.target = target } }

    /// Ends every misbehaviour; what was held back passes.
    public func heal() { change { $0.condition = LinkCondition() } }

    /// What went through so far.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// Closes the port and every connection, and waits until the link's thread is done. Closing twice is harmless.
    public func close() async {
        change { $0.closing = true }
        await withCheckedContinuation { continuation in
            let finished = state.withLock { state in
                if !state.finished { state.waiters.append(continuation) }
                return state.finished
            }
            if finished { continuation.resume() }
        }
    }

    deinit {
        // The thread does not hold the link, so an owner that forgot to close it still ends it.
        change { $0.closing = true }
    }

    private func change(_ body: @Sendable (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            // Under the lock, so that the thread cannot have closed the pipe.
            if !state.finished { wake.signal() }
        }
    }
}
