/// The most that all clients with the same names in their certificates may have of a server at a time.
struct PeerLimits: Hashable, Sendable {
    /// Open streams.
    var streams: Int
    /// Unary calls that wait or run.
    var calls: Int
    /// Bytes of messages that are under way to the client and that it has not taken.
    var unreadBytes: Int
}

/// What the clients of one name have of a server: counted against ``PeerLimits``.
struct PeerLedger: Hashable, Sendable {
    /// What is opened and closed.
    enum Item: Hashable, Sendable {
        case stream
        case call
    }

    private(set) var streams = 0
    private(set) var calls = 0
    private(set) var unreadBytes = 0

    /// Whether there is nothing to count.
    var isEmpty: Bool { streams == 0 && calls == 0 && unreadBytes == 0 }

    /// A stream or a call is to be opened. Returns why it may not be; nothing is counted then.
    mutating func opened(_ item: Item, within limits: PeerLimits) -> String? {
        guard unreadBytes < limits.unreadBytes else {
            return "has \(unreadBytes) bytes of answers that it has not taken; the most are \(limits.unreadBytes)"
        }
        switch item {
        case .stream:
            guard streams < limits.streams else { return "has \(streams) streams open, which are the most" }
            streams += 1
        case .call:
            guard calls < limits.calls else { return "has \(calls) calls under way, which are the most" }
            calls += 1
        }
        return nil
    }

    /// A stream or a call that was opened is over.
    mutating func closed(_ item: Item) {
        switch item {
        case .stream: streams -= 1
        case .call: calls -= 1
        }
    }

    /// A message is to be sent, when one of `sent` bytes was taken. Returns why it may not be; nothing changes then.
    ///
    /// One message may always be under way, however large it is: answers have no other bound.
    mutating func sending(_ bytes: Int, insteadOf sent: Int = 0, within limits: PeerLimits) -> String? {
        let others = unreadBytes - sent
        guard others == 0 || others + bytes <= limits.unreadBytes else {
            return """
                has \(others) bytes of answers that it has not taken, and \(bytes) more were to come; the most are \
                \(limits.unreadBytes)
                """
        }
        unreadBytes = others + bytes
        return nil
    }

    /// A message that was to be sent was taken, or never will be.
    mutating func sent(_ bytes: Int) {
        unreadBytes -= bytes
    }
}
