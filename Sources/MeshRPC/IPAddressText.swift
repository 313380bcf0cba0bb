internal import Glibc

/// A text that is an IP address, and of which family.
enum IPAddressText: Hashable {
    case v4(String)
    case v6(String)

    /// Recognises an address; `nil` if the text is something else, such as a host name.
    init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self = .v4(text)
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self = .v6(text)
        } else {
            return nil
        }
    }

    /// The first address of a host name; `nil` without one. Asks the resolver, and waits for it.
    init?(resolving host: String) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0, let first = found else { return nil }
        defer { freeaddrinfo(found) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        guard getnameinfo(first.pointee.ai_addr, first.pointee.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        self.init(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
