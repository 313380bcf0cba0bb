import Glibc
internal import MeshCore

/// The thread's side of a ``FaultyLink``: one `poll` over all sockets.
final class Relay: Sendable {
    private struct Connection {
        var client: LoopbackSocket
        var target: LoopbackSocket
        var toTarget = RelayPipe()
        var toClient = RelayPipe()
        var targetFinished = false
        var clientFinished = false
    }

    private let listener: LoopbackSocket
    private let wake: WakePipe
    private let state: Locked<FaultyLink.State>

    init(listener: LoopbackSocket, wake: WakePipe, state: Locked<FaultyLink.State>) {
        self.listener = listener
        self.wake = wake
        self.state = state
    }

    func run() {
        var connections: [Connection] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var condition = LinkCondition()
        while true {
            wait(for: connections, under: condition)
            let (now, drop, closing): (LinkCondition, Bool, Bool) = state.withLock { state in
                defer { state.dropEverything = false }
                return (state.condition, state.dropEverything, state.closing)
            }
            condition = now
            if drop || closing {
                for connection in connections {
                    connection.client.reset()
                    connection.target.reset()
                }
                connections.removeAll()
            }
            if closing { break }
            accept(into: &connections, under: condition)
            if !condition.stalled {
                connections = connections.compactMap { relay($0, &buffer, under: condition) }
            }
            let open = connections.count
            state.withLock { $0.statistics.openConnections = open }
        }
        listener.close()
        let waiters = state.withLock { state in
            state.finished = true
            wake.close()
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func wait(for connections: [Connection], under condition: LinkCondition) {
        var descriptors = [
            pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let now = ContinuousClock.now
        var deadline: ContinuousClock.Instant?
        if !condition.stalled {
            for connection in connections {
                for pipe in [connection.toTarget, connection.toClient] {
                    // What is due already waits for room in a socket, not for its time.
                    if let due = pipe.nextDue(after: now, under: condition), due > now {
                        deadline = min(deadline ?? due, due)
                    }
                }
                let ends = [
                    (connection.client, connection.toTarget, connection.toClient),
                    (connection.target, connection.toClient, connection.toTarget),
                ]
                for (socket, incoming, outgoing) in ends {
                    var events: Int32 = 0
                    if incoming.room > 0 { events |= POLLIN }
                    if let due = outgoing.nextDue(after: now, under: condition), due <= now { events |= POLLOUT }
                    // Nothing asked of a socket still reports its end: an ended one must not wake us for ever.
                    if events != 0 {
                        descriptors.append(pollfd(fd: socket.descriptor, events: Int16(events), revents: 0))
                    }
                }
            }
        }
        var timeout: Int32 = -1
        if let deadline {
            let left = now.duration(to: deadline)
            timeout = Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
        }
        poll(&descriptors, nfds_t(descriptors.count), timeout)
        wake.clear()
    }

    private func accept(into connections: inout [Connection], under condition: LinkCondition) {
        while let client = listener.accepted() {
            let target = state.withLock { $0.target }
            guard !condition.refusing, let target = try? LoopbackSocket.connecting(port: target) else {
                client.reset()
                continue
            }
            connections.append(Connection(client: client, target: target))
            state.withLock { $0.statistics.connections += 1 }
        }
    }

    /// Moves what can be moved; `nil` when the connection is over and closed.
    private func relay(_ connection: Connection, _ buffer: inout [UInt8], under condition: LinkCondition) -> Connection?
    {
        var connection = connection
        let now = ContinuousClock.now
        var toTarget = 0
        var toClient = 0
        let alive =
            move(
                from: connection.client, through: &connection.toTarget, to: connection.target,
                finished: &connection.targetFinished, &buffer, now, condition, moved: &toTarget)
            && move(
                from: connection.target, through: &connection.toClient, to: connection.client,
                finished: &connection.clientFinished, &buffer, now, condition, moved: &toClient)
        if toTarget + toClient > 0 {
            let (up, down) = (toTarget, toClient)
            state.withLock { state in
                state.statistics.bytesToTarget += up
                state.statistics.bytesToClients += down
            }
        }
        guard alive else {
            connection.client.reset()
            connection.target.reset()
            return nil
        }
        if connection.targetFinished && connection.clientFinished {
            connection.client.close()
            connection.target.close()
            return nil
        }
        return connection
    }

    private func move(
        from source: LoopbackSocket, through pipe: inout RelayPipe, to sink: LoopbackSocket, finished: inout Bool,
        _ buffer: inout [UInt8], _ now: ContinuousClock.Instant, _ condition: LinkCondition, moved: inout Int
    ) -> Bool {
        if pipe.room > 0 {
            switch source.read(into: &buffer, atMost: pipe.room) {
            case .bytes(let count): pipe.received(Array(buffer[..<count]), at: now, under: condition)
            case .wouldBlock: break
            case .ended: pipe.senderFinished()
            }
        }
        while true {
            let due = pipe.due(at: now, under: condition)
            guard !due.isEmpty else { break }
            switch sink.write(due) {
            case .bytes(let count):
                pipe.wrote(count, under: condition)
                moved += count
            case .wouldBlock: return true
            case .ended: return false
            }
        }
        if pipe.isDrained && !finished {
            sink.finishSending()
            finished = true
        }
        return true
    }
}
