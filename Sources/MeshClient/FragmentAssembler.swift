internal import MeshCore
internal import MeshWire

/// Joins the parts of watch messages that a server sent in fragments, so that a revision is applied as a whole.
struct FragmentAssembler {
    /// What an event costs beside its bytes, so that a flood of empty events is bounded too.
    static let eventOverhead = 64

    private let maximumBytes: Int
    private var parts: [Int64: [WatchEvent]] = [:]
    private var bytes = 0

    /// - Parameter maximumBytes: What the parts that wait for their last one may hold in all.
    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Takes a message; answers it, with all its parts, or `nil` while parts are missing.
    ///
    /// - Throws: `EtcdError` with `resourceExhausted` if the parts that wait become too large.
    mutating func received(_ message: WatchServerMessage) throws(EtcdError) -> WatchServerMessage? {
        if message.canceled {
            // Parts whose end never comes are as good as not sent.
            forget(message.watchID)
            return message
        }
        if message.fragment {
            bytes += message.events.reduce(0) { $0 + Self.size($1) }
            guard bytes <= maximumBytes else {
                throw EtcdError(
                    .resourceExhausted,
                    "one revision's events take more than the \(maximumBytes) bytes allowed for joining fragments"
                )
            }
            parts[message.watchID, default: []] += message.events
            return nil
        }
        guard let earlier = forget(message.watchID) else { return message }
        var whole = message
        whole.events = earlier + message.events
        return whole
    }

    @discardableResult
    private mutating func forget(_ watchID: Int64) -> [WatchEvent]? {
        guard let events = parts.removeValue(forKey: watchID) else { return nil }
        bytes -= events.reduce(0) { $0 + Self.size($1) }
        return events
    }

    private static func size(_ event: WatchEvent) -> Int {
        event.pair.encoded.count + (event.previous?.encoded.count ?? 0) + eventOverhead
    }
}
