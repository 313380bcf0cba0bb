internal import MeshCore

/// DNS names in certificates: which are names at all, and which names a pattern matches.
enum HostName {
    /// The longest name, in characters (RFC 1035).
    static let maximumLength = 253

    /// Whether `name` is a DNS name, or one whose left-most label is `*`.
    static func isValidPattern(_ name: some StringProtocol) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard !name.isEmpty, name.utf8.count <= maximumLength else { return false }
        for (position, label) in labels.enumerated() {
            if label == "*", position == 0, labels.count > 1 { continue }
            guard (1...63).contains(label.utf8.count), !label.hasPrefix("-"), !label.hasSuffix("-"),
                label.utf8.allSatisfy(isNameByte)
            else { return false }
        }
        return true
    }

    /// The name in lower case and without a full stop at the end, as names are compared.
    static func normalized(_ name: some StringProtocol) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    /// Whether a certificate's name covers `host` (RFC 6125 §6.4.3): equal without regard to case, or a `*` that is
    /// the whole left-most label, for exactly one label, in front of at least two more.
    ///
    /// An address is no name: no pattern covers it.
    static func covers(_ pattern: String, host: String) -> Bool {
        guard IPAddress(host: host) == nil else { return false }
        let pattern = normalized(pattern)
        let host = normalized(host)
        guard !host.isEmpty, isValidPattern(pattern), !host.contains("*") else { return false }
        guard pattern.hasPrefix("*.") else { return pattern == host }
        let parent = pattern.dropFirst(2)
        guard parent.contains("."), let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
        return host[host.index(after: dot)...] == parent
    }

    // The underscore is no letter of a host name, but names of services have it.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
