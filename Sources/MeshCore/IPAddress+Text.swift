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
            try self.init(parsing: bytes.span)
        } catch {
            throw IPTextError(message: "'\(text.prefix(60))' is no IP address: \(error.reason)")
        }
    }

    /// Reads the UTF-8 of an address as ``init(_:)`` does; `nil` if it is none. Nothing is allocated.
    package init?(utf8 bytes: Span<UInt8>) {
        do throws(TextFault) {
            try self.init(parsing: bytes)
        } catch {
            return nil
        }
    }

    private struct TextFault: Error {
        var reason: StaticString

        init(_ reason: StaticString) {
            self.reason = reason
        }
    }

    private init(parsing bytes: Span<UInt8>) throws(TextFault) {
        var hasColon = false
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "%") { throw TextFault("an IPv6 zone is not supported") }
            if bytes[index] == UInt8(ascii: ":") { hasColon = true }
        }
        self = hasColon ? try Self.parseV6(bytes) : IPAddress(v4: try Self.parseV4(bytes, from: 0))
    }

    /// Reads an IPv4 address that begins at `start` and fills the rest.
    private static func parseV4(_ bytes: Span<UInt8>, from start: Int) throws(TextFault) -> UInt32 {
        var number: UInt32 = 0
        var field: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in start..<bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0 else { throw TextFault("a field of IPv4 is not a number of one to three digits") }
                number = number << 8 | field
                (field, digits, dots) = (0, 0, dots + 1)
                guard dots < 4 else { throw TextFault("IPv4 needs four numbers with dots between them") }
                continue
            }
            guard byte &- UInt8(ascii: "0") < 10, digits < 3 else {
                throw TextFault("a field of IPv4 is not a number of one to three digits")
            }
            guard digits == 0 || field != 0 else { throw TextFault("a field of IPv4 begins with a needless zero") }
            field = field * 10 + UInt32(byte - UInt8(ascii: "0"))
            digits += 1
            guard field <= 255 else { throw TextFault("a field of IPv4 is greater than 255") }
        }
        guard dots == 3, digits > 0 else { throw TextFault("IPv4 needs four numbers with dots between them") }
        return number << 8 | field
    }

    /// Reads groups into one number and remembers before which of them `::` stood, where the missing zeros belong.
    ///
    /// For example `1::2` gives the groups 1 and 2 and a gap after the first: six zero groups go between them.
    private static func parseV6(_ bytes: Span<UInt8>) throws(TextFault) -> IPAddress {
        let colon = UInt8(ascii: ":")
        var number: UInt128 = 0
        var groups = 0
        var gap: Int?
        var position = 0
        if bytes.count >= 2, bytes[0] == colon, bytes[1] == colon {
            gap = 0
            position = 2
        }
        while position < bytes.count {
            let start = position
            var group: UInt128 = 0
            while position < bytes.count, let digit = hexadecimalDigit(bytes[position]) {
                group = group << 4 | UInt128(digit)
                position += 1
                guard position - start <= 4 else { throw TextFault("a group of IPv6 has one to four digits") }
            }
            if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
                number = number << 32 | UInt128(try parseV4(bytes, from: start))
                groups += 2
                position = bytes.count
                break
            }
            guard position > start else {
                throw bytes[position] == colon
                    ? TextFault("a group of IPv6 has one to four digits")
                    : TextFault("a group of IPv6 is not a hexadecimal number")
            }
            number = number << 16 | group
            groups += 1
            guard groups <= 8 else { throw TextFault("IPv6 has at most eight groups") }
            if position == bytes.count { break }
            guard bytes[position] == colon else { throw TextFault("a group of IPv6 is not a hexadecimal number") }
            position += 1
            guard position < bytes.count else { throw TextFault("a group of IPv6 has one to four digits") }
            if bytes[position] == colon {
                guard gap == nil else { throw TextFault("'::' stands twice") }
                gap = groups
                position += 1
            }
        }
        guard let gap else {
            guard groups == 8 else { throw TextFault("IPv6 without '::' needs eight groups") }
            return IPAddress(number)
        }
        guard groups < 8 else { throw TextFault("'::' stands for no group") }
        let tailBits = 16 * (groups - gap)
        let tail = number & ((1 << tailBits) - 1)
        // `::` at the end: the shift is by all of the bits where no group stands before it, which gives zero.
        return IPAddress((number >> tailBits) << (16 * (8 - gap)) | tail)
    }

    private init(_ number: UInt128) {
        self.init(v6: UInt64(truncatingIfNeeded: number >> 64), UInt64(truncatingIfNeeded: number))
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952), as Go's `netip` writes it.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(family == .v4 ? 15 : 39)
        appendText(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the UTF-8 of the canonical text.
    package func appendText(to text: inout [UInt8]) {
        switch family {
        case .v4: Self.appendV4(UInt32(truncatingIfNeeded: low), to: &text)
        case .v6 where high == 0 && low >> 32 == 0xFFFF:
            text.append(contentsOf: "::ffff:".utf8)
            Self.appendV4(UInt32(truncatingIfNeeded: low), to: &text)
        case .v6: appendV6(to: &text)
        }
    }

    private static func appendV4(_ number: UInt32, to text: inout [UInt8]) {
        append(number >> 24, radix: 10, to: &text)
        for shift in stride(from: 16, through: 0, by: -8) {
            text.append(UInt8(ascii: "."))
            append(number >> UInt32(shift) & 0xFF, radix: 10, to: &text)
        }
    }

    /// Appends a number below 65,536 without leading zeros.
    private static func append(_ number: UInt32, radix: UInt32, to text: inout [UInt8]) {
        if number >= radix { append(number / radix, radix: radix, to: &text) }
        let digit = UInt8(number % radix)
        text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }

    private func group(_ index: Int) -> UInt32 {
        UInt32((index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)) & 0xFFFF)
    }

    private func appendV6(to text: inout [UInt8]) {
        // The first of the longest runs of at least two zero groups becomes '::'.
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || group(index) != 0 {
            if index - start > max(longest.count, 1) { longest = start..<index }
            start = index + 1
        }
        var index = 0
        while index < 8 {
            if index == longest.lowerBound, !longest.isEmpty {
                text.append(contentsOf: "::".utf8)
                index = longest.upperBound
                continue
            }
            if index > 0, longest.isEmpty || index != longest.upperBound { text.append(UInt8(ascii: ":")) }
            Self.append(group(index), radix: 16, to: &text)
            index += 1
        }
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
        guard let length = Self.length(digits.span), let prefix = IPPrefix(address, length: length) else {
            throw IPTextError(
                message: "'\(text.prefix(60))' is no IP prefix: the length must be 0…\(address.family.bitCount)"
            )
        }
        self = prefix
    }

    /// Reads the UTF-8 of a prefix as ``init(_:)`` does; `nil` if it is none. Nothing is allocated.
    package init?(utf8 bytes: Span<UInt8>) {
        var slash = bytes.count
        for index in bytes.indices where bytes[index] == UInt8(ascii: "/") { slash = index }
        guard slash < bytes.count,
            let address = IPAddress(utf8: bytes.extracting(..<slash)),
            let length = Self.length(bytes.extracting((slash + 1)...))
        else { return nil }
        self.init(address, length: length)
    }

    /// The number that these digits are, if they are one to three without a needless zero.
    private static func length(_ digits: Span<UInt8>) -> Int? {
        // Three digits are the most that can be meant, and keep the number from overflowing.
        guard (1...3).contains(digits.count), digits.count == 1 || digits[0] != UInt8(ascii: "0") else { return nil }
        var number = 0
        for index in digits.indices {
            guard digits[index] &- UInt8(ascii: "0") < 10 else { return nil }
            number = number * 10 + Int(digits[index] - UInt8(ascii: "0"))
        }
        return number
    }
}

extension IPPrefix: CustomStringConvertible {
    /// The canonical text, for example `10.0.0.0/16`.
    public var description: String { "\(address)/\(length)" }
}
