/// Where a server listens on this machine.
struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The address that all servers listen on.
    static let host = "127.0.0.1"

    var port: Int

    var address: String { "\(Self.host):\(port)" }

    var description: String { "https://\(address)" }
}
