internal import MeshCore

extension RecordKey {
    /// Reads what stands in a key behind the prefix of one cluster's records of `kind`.
    ///
    /// - Throws: ``RecordError`` with ``RecordError/Reason/malformedKey``; it does not say which key.
    init(_ kind: RecordKind, parsing name: Span<UInt8>) throws(RecordError) {
        var slashes = 0
        var firstSlash = name.count
        for index in name.indices {
            // Kubernetes' names are ASCII. With others, two different keys could name what Swift takes for equal texts.
            guard name[index] > 0x20, name[index] < 0x7F else {
                throw Self.malformed(name, "a name of printable ASCII")
            }
            guard name[index] == UInt8(ascii: "/") else { continue }
            slashes += 1
            firstSlash = min(firstSlash, index)
        }
        switch kind {
        case .node:
            guard slashes == 0, !name.isEmpty else { throw Self.malformed(name, "<node>") }
            self = .node(Self.text(name))
        case .service, .serviceExport:
            guard slashes == 1, firstSlash > 0, firstSlash < name.count - 1 else {
                throw Self.malformed(name, "<namespace>/<name>")
            }
            let service = ServiceName(
                namespace: Self.text(name.extracting(..<firstSlash)),
                name: Self.text(name.extracting((firstSlash + 1)...))
            )
            self = kind == .service ? .service(service) : .serviceExport(service)
        case .identity:
            guard let number = Self.number(name) else { throw Self.malformed(name, "an identity's number") }
            self = .identity(number)
        case .ip:
            self = .ip(try Self.ip(name, isPrefix: slashes > 0))
        }
    }

    private static func ip(_ name: Span<UInt8>, isPrefix: Bool) throws(RecordError) -> IPKey {
        let ip: IPKey
        if let prefix = IPPrefix(utf8: name), isPrefix {
            ip = .cidr(prefix)
        } else if let address = IPAddress(utf8: name), !isPrefix {
            ip = .address(address)
        } else {
            throw RecordError(.malformedKey, Self.fault(of: text(name), isPrefix: isPrefix))
        }
        // IPv4 has one text for each address. IPv6 has many, and each record must have one key.
        if ip.prefix.address.family == .v6, !isCanonical(name, ip) {
            let name = Self.text(name)
            throw RecordError(.malformedKey, "'\(name.prefix(60))' is not canonical: it should be '\(ip)'")
        }
        guard ip.prefix.isMasked else {
            let name = Self.text(name)
            throw RecordError(
                .malformedKey,
                "'\(name)' has bits behind its length; did you mean '\(ip.prefix.masked)'?"
            )
        }
        return ip
    }

    private static func isCanonical(_ name: Span<UInt8>, _ ip: IPKey) -> Bool {
        var text: [UInt8] = []
        text.reserveCapacity(43)
        ip.prefix.address.appendText(to: &text)
        // The length has one text only.
        if case .cidr = ip { text.append(UInt8(ascii: "/")) }
        guard text.count <= name.count else { return false }
        return Bytes.compare(text.span, name.extracting(..<text.count)) == 0
            && (text.last == UInt8(ascii: "/") || text.count == name.count)
    }

    /// Why this is no IP address or prefix.
    private static func fault(of name: String, isPrefix: Bool) -> String {
        do throws(IPTextError) {
            return isPrefix ? "\(try IPPrefix(name))" : "\(try IPAddress(name))"
        } catch {
            return error.message
        }
    }

    /// The number that these digits are. Only the canonical text: each identity must have one key.
    private static func number(_ digits: Span<UInt8>) -> UInt32? {
        guard (1...10).contains(digits.count), digits.count == 1 || digits[0] != UInt8(ascii: "0") else { return nil }
        var number: UInt64 = 0
        for index in digits.indices {
            guard digits[index] &- UInt8(ascii: "0") < 10 else { return nil }
            number = number * 10 + UInt64(digits[index] - UInt8(ascii: "0"))
        }
        return UInt32(exactly: number)
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        if let valid = try? UTF8Span(validating: bytes) { return String(copying: valid) }
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }

    private static func malformed(_ name: Span<UInt8>, _ expected: String) -> RecordError {
        let name = text(name)
        return RecordError(.malformedKey, "expected \(expected) instead of '\(name.prefix(60))' at the key's end")
    }
}
