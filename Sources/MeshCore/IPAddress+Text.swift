/// A text that is not an IP address or prefix, and why.
public struct IPTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, with the text.
    public var message: String

    package init(message: String) {
        self.message = message
    }

    public var description: String { message }
}

extension IPAddress {
    /// Reads an address as Go's `netip.ParseAddr` does: `a.b.c.d` without needless zeros, or IPv6 of RFC 4291 §2.2.
    ///
    /// - Throws: ``IPTextError``; also for an address with a zone (`fe80::1%eth0`), which means nothing elsewhere.
    public init(_ text: some StringProtocol) throws(IPTextError) {
        let bytes = Array(text.utf8)
        do throws(TextFault) {
            guard !bytes.contains(UInt8(ascii: "%")) else { throw TextFault("an IPv6 zone is not supported") }
            if bytes.contains(UInt8(ascii: ":")) {
                self = try Self.parseV6(bytes)
            } else {
                self = IPAddress(v4: try Self.parseV4(bytes[...]))
            }
        } catch {
            throw IPTextError(message: "'\(text.prefix(60))' is no IP address: \(error.reason)")
        }
    }

    private struct TextFault: Error {
        var reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }

    private static func parseV4(_ bytes: ArraySlice<UInt8>) throws(TextFault) -> UInt32 {
        let fields = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard fields.count == 4 else { throw TextFault("IPv4 needs four numbers with dots between them") }
        var number: UInt32 = 0
        for field in fields {
            guard (1...3).contains(field.count), field.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
                throw TextFault("a field of IPv4 is not a number of one to three digits")
            }
            guard field.count == 1 || field.first != UInt8(ascii: "0") else {
                throw TextFault("a field of IPv4 begins with a needless zero")
            }
            let value = field.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
            guard value <= 255 else { throw TextFault("a field of IPv4 is greater than 255") }
            number = number << 8 | value
        }
        return number
    }

    /// Reads the groups before and after `::` apart; what is missing between them is zero.
    private static func parseV6(_ bytes: [UInt8]) throws(TextFault) -> IPAddress {
        let colon = UInt8(ascii: ":")
        var gap: Int?
        for index in bytes.indices.dropLast() where bytes[index] == colon && bytes[index + 1] == colon {
            guard gap == nil else { throw TextFault("'::' stands twice") }
            gap = index
        }
        guard let gap else {
            let groups = try parseGroups(bytes[...], mayEndWithV4: true)
            guard groups.count == 8 else { throw TextFault("IPv6 without '::' needs eight groups") }
            return assemble(groups)
        }
        let head = try parseGroups(bytes[..<gap], mayEndWithV4: false)
        let tail = try parseGroups(bytes[(gap + 2)...], mayEndWithV4: true)
        guard head.count + tail.count < 8 else { throw TextFault("'::' stands for no group") }
        return assemble(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func parseGroups(
        _ bytes: ArraySlice<UInt8>,
        mayEndWithV4: Bool
    ) throws(TextFault) -> [UInt16] {
        if bytes.isEmpty { return [] }
        let fields = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count <= 8 else { throw TextFault("IPv6 has at most eight groups") }
        var groups: [UInt16] = []
        for (index, field) in fields.enumerated() {
            if mayEndWithV4, index == fields.count - 1, field.contains(UInt8(ascii: ".")) {
                let v4 = try parseV4(field)
                groups.append(UInt16(v4 >> 16))
                groups.append(UInt16(truncatingIfNeeded: v4))
                continue
            }
            guard (1...4).contains(field.count) else { throw TextFault("a group of IPv6 has one to four digits") }
            var value: UInt16 = 0
            for byte in field {
                guard byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                    throw TextFault("a group of IPv6 is not a hexadecimal number")
                }
                value = value << 4 | UInt16(digit)
            }
            groups.append(value)
        }
        return groups
    }

    private static func assemble(_ groups: [UInt16]) -> IPAddress {
        func half(_ groups: ArraySlice<UInt16>) -> UInt64 { groups.reduce(0) { $0 << 16 | UInt64($1) } }
        return IPAddress(v6: half(groups[..<4]), half(groups[4...]))
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952), as Go's `netip` writes it.
    public var description: String {
        switch family {
        case .v4: Self.textV4(UInt32(truncatingIfNeeded: low))
        case .v6 where high == 0 && low >> 32 == 0xFFFF: "::ffff:" + Self.textV4(UInt32(truncatingIfNeeded: low))
        case .v6: textV6
        }
    }

    private static func textV4(_ number: UInt32) -> String {
        "\(number >> 24).\(number >> 16 & 0xFF).\(number >> 8 & 0xFF).\(number & 0xFF)"
    }

    private var textV6: String {
        let groups = [high, low].flatMap { half in (0..<4).map { UInt16(truncatingIfNeeded: half >> (48 - 16 * $0)) } }
        // The first of the longest runs of at least two zero groups becomes '::'.
        var longest = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > max(longest.count, 1) { longest = start..<index }
            start = index + 1
        }
        func text(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}

extension IPPrefix {
    /// Reads `address/length` as Go's `netip.ParsePrefix` does.
    ///
    /// - Throws: ``IPTextError``.
    public init(_ text: some StringProtocol) throws(IPTextError) {
        guard let slash = text.lastIndex(of: "/") else {
            throw IPTextError(message: "'\(text.prefix(60))' is no IP prefix: it has no '/'")
        }
        let address = try IPAddress(text[..<slash])
        let digits = Array(text[text.index(after: slash)...].utf8)
        // Three digits are the most that can be meant, and keep the number from overflowing.
        guard (1...3).contains(digits.count), digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
            digits.count == 1 || digits[0] != UInt8(ascii: "0"),
            let prefix = IPPrefix(address, length: digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
        else {
            throw IPTextError(
                message: "'\(text.prefix(60))' is no IP prefix: the length must be 0…\(address.family.bitCount)"
            )
        }
        self = prefix
    }
}

extension IPPrefix: CustomStringConvertible {
    /// The canonical text, for example `10.0.0.0/16`.
    public var description: String { "\(address)/\(length)" }
}
