/// An endpoint's address that cannot be used, and why.
public struct EtcdEndpointError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}

/// Where an etcd server is reached.
public struct EtcdEndpoint: Hashable, Sendable {
    /// The port that etcd serves clients on when nothing else is said.
    public static let defaultPort = 2379

    /// The host's name or address: what is resolved, and what the server's certificate is compared with.
    public var host: String

    /// The port, 1…65535.
    public var port: Int

    /// An IP address to dial instead of resolving ``host`` (Cilium's host aliases); `nil` resolves the host.
    public var address: String?

    /// Makes an endpoint; nothing is checked here.
    public init(host: String, port: Int = EtcdEndpoint.defaultPort, address: String? = nil) {
        self.host = host
        self.port = port
        self.address = address
    }

    /// Reads an endpoint as etcd's configuration writes it, for example `https://athens.mesh.cilium.io:2379` or
    /// `https://[::1]:2379`. Without a port, 2379 is meant.
    ///
    /// - Throws: ``EtcdEndpointError`` if it is not of that form, or not `https`: a mesh has no plain connections.
    public init(url: some StringProtocol) throws(EtcdEndpointError) {
        func refuse(_ reason: String) -> EtcdEndpointError {
            EtcdEndpointError(message: "endpoint '\(url)' \(reason); write it as https://host:port")
        }
        let scheme = "https://"
        guard url.hasPrefix(scheme) else { throw refuse("does not begin with https://") }
        var rest = String(url.dropFirst(scheme.count))
        if rest.hasSuffix("/") { rest.removeLast() }
        guard rest.allSatisfy({ $0.isASCII && $0 > " " && !"/?#@".contains($0) }) else {
            throw refuse("has more than a host and a port")
        }

        let host: Substring
        var tail: Substring
        if rest.hasPrefix("[") {
            guard let close = rest.firstIndex(of: "]") else { throw refuse("has no ']' after its IPv6 address") }
            host = rest[rest.index(after: rest.startIndex)..<close]
            tail = rest[rest.index(after: close)...]
        } else {
            let colon = rest.firstIndex(of: ":") ?? rest.endIndex
            host = rest[..<colon]
            tail = rest[colon...]
        }
        guard !host.isEmpty else { throw refuse("names no host") }
        self.host = String(host)
        if tail.isEmpty {
            port = Self.defaultPort
        } else {
            guard tail.removeFirst() == ":", tail.allSatisfy(\.isNumber), let number = Int(tail),
                (1...65535).contains(number)
            else { throw refuse("has no port in 1…65535") }
            port = number
        }
        address = nil
    }
}

extension EtcdEndpoint: CustomStringConvertible {
    /// The endpoint as a URL, with the dialled address where one is given.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "https://\(name):\(port)" + (address.map { " (at \($0))" } ?? "")
    }
}
