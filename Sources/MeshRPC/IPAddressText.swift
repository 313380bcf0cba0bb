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
}
