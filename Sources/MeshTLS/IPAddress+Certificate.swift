internal import MeshCore

// Certificates and hosts name addresses by value: an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 one.
extension IPAddress {
    /// The address of a certificate's bytes; `nil` unless there are four or sixteen.
    init?(certificateBytes bytes: some Collection<UInt8>) {
        guard let address = IPAddress(bytes: bytes) else { return nil }
        self = address.unmapped
    }

    /// The address that `text` writes, with or without the brackets of a URL; `nil` if it writes none.
    init?(host text: some StringProtocol) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        guard let address = try? IPAddress(text) else { return nil }
        self = address.unmapped
    }
}
