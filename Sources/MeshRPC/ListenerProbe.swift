internal import MeshCore

/// Looks at whether a server's own port, or Unix socket, is still served.
///
/// A listener of core's that once found no free descriptor accepts nothing any more, although connecting still works:
/// the kernel does that. So the probe connects, says that it will send nothing, and waits for the other side to close.
struct ListenerProbe: Sendable {
    enum Finding: Hashable, Sendable {
        case alive
        /// Nobody reacted.
        case dead
        /// The look itself failed: why.
        case failed(String)
    }

    /// Where to connect to: what is listened on, or the loopback where all addresses are.
    let target: ProbeSocket.Target
    /// How long to wait for a reaction.
    let patience: Duration

    /// `nil` for a host whose address is not known.
    init?(listeningOn host: String, port: Int, patience: Duration) {
        guard let address = IPAddress(resolving: host) else { return nil }
        let isUnspecified = address.high == 0 && address.low == 0
        let reachable =
            switch (isUnspecified, address.family) {
            case (true, .v4): IPAddress(v4: 0x7F00_0001)
            case (true, .v6): IPAddress(v6: 0, 1)
            case (false, _): address
            }
        target = .tcp(reachable, port: port)
        self.patience = patience
    }

    /// A look at a Unix socket.
    init(listeningOn socket: UnixSocketFile, patience: Duration) {
        target = .unix(socket.path)
        self.patience = patience
    }

    /// Looks once. Waits without holding a thread; ends early, without a finding, if the task is cancelled.
    func look() async -> Finding? {
        do throws(ProbeSocket.Failure) {
            let socket = try ProbeSocket(connectingTo: target)
            let deadline = ContinuousClock.now + patience
            var hasFinished = false
            var pause = Duration.milliseconds(2)
            while ContinuousClock.now < deadline {
                if !hasFinished { hasFinished = try socket.finishSending() }
                if hasFinished, socket.hasAnswer() { return .alive }
                guard (try? await Task.sleep(for: pause)) != nil else { return nil }
                pause = min(pause * 2, .milliseconds(200))
            }
            return .dead
        } catch {
            return error.isRefusal ? .dead : .failed(error.reason)
        }
    }
}

/// Decides from findings when a listener is to be replaced.
struct ListenerHealth: Hashable, Sendable {
    /// How many looks in a row must find nobody: one may fall into a busy moment.
    static let deadLooks = 2

    private var deadInARow = 0

    enum Action: Hashable, Sendable {
        case none
        /// Tell that the look failed.
        case report(String)
        /// Replace the listener.
        case replace
    }

    /// A look was taken.
    mutating func found(_ finding: ListenerProbe.Finding) -> Action {
        switch finding {
        case .alive:
            deadInARow = 0
            return .none
        case .failed(let reason):
            return .report(reason)
        case .dead:
            deadInARow += 1
            guard deadInARow >= Self.deadLooks else { return .none }
            deadInARow = 0
            return .replace
        }
    }
}
