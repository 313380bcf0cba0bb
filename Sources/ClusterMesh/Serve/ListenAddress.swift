internal import MeshCore

/// Where a server listens: a port of an address, or a Unix socket.
public enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A port, 0…65535 (0: a free one), of an IP address without brackets, or of a name.
    case port(Int, host: String)
    /// A socket with this path.
    case unix(path: String)

    /// The longest path of a Unix socket, in bytes (Linux's `sun_path` without its end).
    public static let maximumPathBytes = 107

    /// Reads `address:port`, `[IPv6 address]:port`, or `unix:path`.
    ///
    /// - Throws: ``ListenAddressError`` that says what would be right.
    public init(parsing text: some StringProtocol) throws(ListenAddressError) {
        func refuse(_ reason: String) -> ListenAddressError {
            ListenAddressError(message: "'\(text)' \(reason); write it as address:port, such as 127.0.0.1:2379")
        }
        if text.hasPrefix("unix:") {
            let path = text.dropFirst("unix:".count)
            guard path.hasPrefix("/"), path.utf8.count <= Self.maximumPathBytes, !path.utf8.contains(0) else {
                throw ListenAddressError(
                    message: "'\(text)' needs an absolute path of 1 to \(Self.maximumPathBytes) bytes behind 'unix:'")
            }
            self = .unix(path: String(path))
            return
        }
        guard let colon = text.lastIndex(of: ":") else { throw refuse("has no port") }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits), port <= 65_535 else {
            throw refuse("has no port in 0…65535")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard (try? IPAddress(host))?.family == .v6 else { throw refuse("has no IPv6 address in its brackets") }
        } else if host.contains(":") {
            throw refuse("has an IPv6 address without brackets")
        }
        guard !host.isEmpty else { throw refuse("names no address; 0.0.0.0 and [::] are all of the machine's") }
        self = .port(port, host: String(host))
    }

    public var description: String {
        switch self {
        case .port(let port, let host): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// A text that is no address to listen on, and why.
public struct ListenAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}
