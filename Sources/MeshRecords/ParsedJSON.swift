internal import CSimdJSON
internal import MeshCore

/// JSON that the tolerant reading must decide about: ``RecordJSON/decode(_:_:)`` takes it, or says what is wrong with it.
struct UnusualJSON: Error {}

/// A value of JSON that simdjson read: the fast way for the records that come by the hundred thousand.
///
/// It takes what it is sure of, and for everything else throws ``UnusualJSON``: what is not JSON, a value of another type
/// than expected, a name that stands twice. So it needs no errors for people, and no opinion of what may be tolerated.
///
/// The values are the reading thread's until it reads again (`csimdjson_read`). They cannot outlive that: the only way to
/// one is ``read(_:_:)``, whose closure is not escaping and does not suspend, and no ``ParsedJSON`` is stored anywhere.
/// The pointer is the C function's; all that is read behind it is inside of what `end` and `number` say.
struct ParsedJSON {
    private let items: UnsafePointer<csimdjson_item>
    /// The value's place; `nil` for a member that is absent.
    private let index: Int?

    /// Reads one value that is all of `json`, and what `body` makes of it; `nil` where the tolerant reading must decide.
    static func read<Result>(
        _ json: some Collection<UInt8>,
        _ body: (ParsedJSON) throws(UnusualJSON) -> Result
    ) -> Result? {
        json.withContiguousStorageIfAvailable { bytes -> Result? in
            guard let items = csimdjson_read(bytes.baseAddress, bytes.count) else { return nil }
            do throws(UnusualJSON) {
                return try body(ParsedJSON(items: items, index: 0))
            } catch {
                return nil
            }
        } ?? nil
    }

    private var item: csimdjson_item {
        index.map { items[$0] } ?? csimdjson_item(text: nil, number: 0, kind: CSIMDJSON_NULL, end: 0)
    }

    /// Whether this is `null`, or a member that is absent.
    var isNull: Bool { item.kind == CSIMDJSON_NULL }

    /// A text; `nil` for `null`.
    func text() throws(UnusualJSON) -> String? {
        if isNull { return nil }
        return String(decoding: try utf8(), as: UTF8.self)
    }

    /// A whole number; `nil` for `null`.
    func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type = Number.self
    ) throws(UnusualJSON) -> Number? {
        if isNull { return nil }
        guard item.kind == CSIMDJSON_WHOLE, let number = Number(exactly: item.number) else { throw UnusualJSON() }
        return number
    }

    /// An address, as ``AddressForm`` reads one; `nil` for `null` and for an empty text.
    func address() throws(UnusualJSON) -> IPAddress? {
        if isNull { return nil }
        let text = try utf8()
        if text.isEmpty { return nil }
        guard let address = IPAddress(utf8: text.span) else { throw UnusualJSON() }
        return address.unmapped
    }

    /// A CIDR, as ``CIDRForm`` reads one; `nil` for `null`.
    func cidr() throws(UnusualJSON) -> IPPrefix? {
        switch item.kind {
        case CSIMDJSON_NULL:
            return nil
        case CSIMDJSON_TEXT:
            guard let prefix = IPPrefix(utf8: try utf8().span) else { throw UnusualJSON() }
            return prefix.masked
        default:
            var members = try members()
            let address = try members.take("IP").address()
            let mask = members.take("Mask")
            try members.finish()
            guard let address, let prefix = try mask.prefix(of: address) else { throw UnusualJSON() }
            return prefix.masked
        }
    }

    /// The prefix of `address` that a mask, as ``MaskForm`` reads one, cuts off; `nil` for `null`.
    func prefix(of address: IPAddress) throws(UnusualJSON) -> IPPrefix? {
        guard let text = try text() else { return nil }
        let lengths = address.family == .v4 ? Self.ipv4MaskLengths : Self.ipv6MaskLengths
        guard let length = lengths[text], let prefix = IPPrefix(address, length: length) else { throw UnusualJSON() }
        return prefix
    }

    /// What `element` makes of each element of a list; nothing for `null`.
    func list<Element>(_ element: (ParsedJSON) throws(UnusualJSON) -> Element?) throws(UnusualJSON) -> [Element] {
        if isNull { return [] }
        guard let index, item.kind == CSIMDJSON_LIST else { throw UnusualJSON() }
        var elements: [Element] = []
        elements.reserveCapacity(Int(item.number))
        var next = index + 1
        while next < Int(item.end) {
            let value = ParsedJSON(items: items, index: next)
            if let element = try element(value) { elements.append(element) }
            next = Int(value.item.end)
        }
        return elements
    }

    /// A map of texts, `null` as an empty one; nothing for `null`.
    func map() throws(UnusualJSON) -> [String: String] {
        if isNull { return [:] }
        guard let index, item.kind == CSIMDJSON_OBJECT else { throw UnusualJSON() }
        var map: [String: String] = [:]
        map.reserveCapacity(Int(item.number))
        var next = index + 1
        while next < Int(item.end) {
            let name = ParsedJSON(items: items, index: next)
            let value = ParsedJSON(items: items, index: next + 1)
            let former = map.updateValue(
                try value.text() ?? "", forKey: String(decoding: try name.utf8(), as: UTF8.self))
            guard former == nil else { throw UnusualJSON() }
            next = Int(value.item.end)
        }
        return map
    }

    /// The members of an object.
    func members() throws(UnusualJSON) -> Members {
        // More would not fit into the marks.
        guard let index, item.kind == CSIMDJSON_OBJECT, item.number <= 64 else { throw UnusualJSON() }
        return Members(items: items, object: index)
    }

    /// The lengths of prefixes by the texts of their masks.
    private static let ipv4MaskLengths = maskLengths(of: IPAddress(v4: 0))
    private static let ipv6MaskLengths = maskLengths(of: IPAddress(v6: 0, 0))

    private static func maskLengths(of address: IPAddress) -> [String: Int] {
        var lengths: [String: Int] = [:]
        for length in 0...address.family.bitCount {
            if let prefix = IPPrefix(address, length: length) { lengths[prefix.base64Mask] = length }
        }
        return lengths
    }

    private func utf8() throws(UnusualJSON) -> UnsafeBufferPointer<UInt8> {
        guard item.kind == CSIMDJSON_TEXT else { throw UnusualJSON() }
        return UnsafeBufferPointer(start: item.text, count: Int(item.number))
    }
}

extension ParsedJSON {
    /// The members of an object, taken by name: fastest in the order in which they stand there.
    struct Members {
        private let items: UnsafePointer<csimdjson_item>
        private let object: Int
        /// The name that is tried first, and its place among the members.
        private var next: Int
        private var place = 0
        /// The places of the members that were taken.
        private var taken: UInt64 = 0

        fileprivate init(items: UnsafePointer<csimdjson_item>, object: Int) {
            self.items = items
            self.object = object
            next = object + 1
        }

        private var end: Int { Int(items[object].end) }

        /// The first member of this name; `null` if there is none.
        mutating func take(_ name: StaticString) -> ParsedJSON {
            if next < end, isName(next, name) { return takeNext() }
            let (formerNext, formerPlace) = (next, place)
            (next, place) = (object + 1, 0)
            while next < end {
                if isName(next, name) { return takeNext() }
                step()
            }
            (next, place) = (formerNext, formerPlace)
            return ParsedJSON(items: items, index: nil)
        }

        /// To be called when all were taken: makes sure that none of those left has a name that was taken, or one that
        /// Swift could hold for equal to such a name.
        func finish() throws(UnusualJSON) {
            guard taken.nonzeroBitCount < Int(items[object].number) else { return }
            var left = self
            (left.next, left.place) = (object + 1, 0)
            while left.next < end {
                if taken & (1 << UInt64(left.place)) == 0 {
                    guard try isUnlikeAll(left.next) else { throw UnusualJSON() }
                }
                left.step()
            }
        }

        private mutating func takeNext() -> ParsedJSON {
            let value = ParsedJSON(items: items, index: next + 1)
            taken |= 1 << UInt64(place)
            step()
            return value
        }

        private mutating func step() {
            next = Int(items[next + 1].end)
            place += 1
        }

        private func bytes(_ name: Int) -> UnsafeBufferPointer<UInt8> {
            UnsafeBufferPointer(start: items[name].text, count: Int(items[name].number))
        }

        private func isName(_ index: Int, _ name: StaticString) -> Bool {
            guard Int(items[index].number) == name.utf8CodeUnitCount else { return false }
            let expected = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            return Bytes.compare(bytes(index).span, expected.span) == 0
        }

        /// Whether a name is ASCII and no other member has it too.
        private func isUnlikeAll(_ name: Int) throws(UnusualJSON) -> Bool {
            guard bytes(name).allSatisfy({ $0 < 0x80 }) else { return false }
            var other = object + 1
            while other < end {
                if other != name, Bytes.compare(bytes(other).span, bytes(name).span) == 0 { return false }
                other = Int(items[other + 1].end)
            }
            return true
        }
    }
}
