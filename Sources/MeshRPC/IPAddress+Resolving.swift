internal import Glibc
internal import MeshCore

extension IPAddress {
    /// The first address of a host name, or the address that the text writes; `nil` without one. Asks the resolver for a
    /// name, and waits for it.
    init?(resolving host: String) {
        if let address = try? IPAddress(host) {
            self = address
            return
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0, let first = found else { return nil }
        defer { freeaddrinfo(found) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        guard getnameinfo(first.pointee.ai_addr, first.pointee.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0,
            let address = try? IPAddress(
                String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        else { return nil }
        self = address
    }

    /// The address with the brackets that IPv6 has in front of a port.
    var inAuthority: String { family == .v6 ? "[\(self)]" : "\(self)" }
}
