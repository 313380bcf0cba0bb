internal import MeshCore

/// Where a local server listens: an address of this machine, or a Unix socket.
public enum LocalAddress: Hashable, Sendable {
    /// A host (a name or an IP address, IPv6 without brackets) and a port; 0 takes a free one.
    case tcp(host: String, port: Int)
    /// A Unix socket, by its absolute path. Its file has mode 0600 and lies in a directory that is closed to others.
    case unix(path: String)

    /// 127.0.0.1 on a port; 0, the default, takes a free one.
    public static func loopback(port: Int = 0) -> LocalAddress { .tcp(host: "127.0.0.1", port: port) }

    /// Reads an address as people write it: `unix:/run/mesh/local.sock`, `127.0.0.1:2379`, `[::1]:2379`.
    ///
    /// - Throws: ``LocalAddressError`` that shows the text and what is expected.
    public init(parsing text: some StringProtocol) throws(LocalAddressError) {
        let text = String(text)
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard path.hasPrefix("/") else { throw LocalAddressError(text, "the path behind 'unix:' is absolute") }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { throw LocalAddressError(text, "it has no port") }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(digits), port <= 65_535
        else { throw LocalAddressError(text, "'\(digits)' is not a port") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard let address = try? IPAddress(String(host)), address.family == .v6 else {
                throw LocalAddressError(text, "'\(host)' is not an IPv6 address")
            }
        } else if host.contains(":") {
            throw LocalAddressError(text, "an IPv6 address stands in brackets")
        }
        guard !host.isEmpty else { throw LocalAddressError(text, "it has no host") }
        self = .tcp(host: String(host), port: port)
    }

    /// The address as etcd's clients take it for an endpoint, `https://127.0.0.1:2379` or `unixs:///run/mesh/local.sock`.
    public var endpoint: String {
        switch self {
        case .tcp(let host, let port): "https://\(Self.authority(host, port))"
        case .unix(let path): "unixs://\(path)"
        }
    }

    private static func authority(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension LocalAddress: CustomStringConvertible {
    /// The address as ``init(parsing:)`` reads it.
    public var description: String {
        switch self {
        case .tcp(let host, let port): Self.authority(host, port)
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// A text that is no local address, and why.
public struct LocalAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what is expected.
    public var message: String

    init(_ text: String, _ fault: String) {
        message = "'\(text)' is not a local address: \(fault); give HOST:PORT or unix:PATH"
    }

    public var description: String { message }
}
