/// A pair as a store holds it and as it travels: one immutable allocation in the layout of etcd's `mvccpb.KeyValue`.
///
/// The fields are read out of that layout when asked for; a pair is never encoded a second time. Copying a `KeyValue`
/// copies a reference.
///
/// The layout is protobuf's canonical one (ascending fields, zero fields left out):
///
///     0A len key · 10 create_revision · 18 mod_revision · 20 version · 2A len value · 30 lease
///
/// For example key `a`, value `b`, created and modified at revision 2, version 1 is
/// `0A 01 61 10 02 18 02 20 01 2A 01 62`.
public struct KeyValue: Sendable {
    /// The encoded pair: the bytes of an `mvccpb.KeyValue`.
    public let encoded: [UInt8]

    /// Encodes a pair.
    public init(
        key: Key,
        createRevision: Revision = .none,
        modRevision: Revision,
        version: Int64 = 0,
        value: some Collection<UInt8>,
        lease: LeaseID = .none
    ) {
        self.init(
            key: key,
            createRevision: createRevision,
            modRevision: modRevision,
            version: version,
            value: Array(value)[...],
            lease: lease
        )
    }

    /// Encodes a pair. Without generics, because every write of a store comes by here.
    public init(
        key: Key,
        createRevision: Revision = .none,
        modRevision: Revision,
        version: Int64 = 0,
        value: ArraySlice<UInt8>,
        lease: LeaseID = .none
    ) {
        let created = UInt64(bitPattern: createRevision.rawValue)
        let modified = UInt64(bitPattern: modRevision.rawValue)
        let writes = UInt64(bitPattern: version)
        let leaseNumber = UInt64(bitPattern: lease.rawValue)
        let valueCount = value.count
        var size = Self.bytesFieldSize(key.bytes.count) + Self.bytesFieldSize(valueCount)
        size += Self.numberFieldSize(created) + Self.numberFieldSize(modified)
        size += Self.numberFieldSize(writes) + Self.numberFieldSize(leaseNumber)

        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        if !key.bytes.isEmpty {
            bytes.append(Tag.key)
            Varint.append(UInt64(key.bytes.count), to: &bytes)
            bytes.append(contentsOf: key.bytes)
        }
        Self.appendNumber(Tag.createRevision, created, to: &bytes)
        Self.appendNumber(Tag.modRevision, modified, to: &bytes)
        Self.appendNumber(Tag.version, writes, to: &bytes)
        if valueCount > 0 {
            bytes.append(Tag.value)
            Varint.append(UInt64(valueCount), to: &bytes)
            bytes.append(contentsOf: value)
        }
        Self.appendNumber(Tag.lease, leaseNumber, to: &bytes)
        encoded = bytes
    }

    /// The pair that marks a deletion in history: key and revision of the deletion, nothing else.
    public static func tombstone(key: Key, modRevision: Revision) -> KeyValue {
        KeyValue(key: key, modRevision: modRevision, value: [])
    }

    /// Takes over bytes that are already canonical; the caller has checked them.
    private init(canonical: [UInt8]) {
        encoded = canonical
    }

    enum Tag {
        static let key: UInt8 = 0x0A
        static let createRevision: UInt8 = 0x10
        static let modRevision: UInt8 = 0x18
        static let version: UInt8 = 0x20
        static let value: UInt8 = 0x2A
        static let lease: UInt8 = 0x30
    }

    private static func bytesFieldSize(_ count: Int) -> Int {
        count == 0 ? 0 : 1 + Varint.length(UInt64(count)) + count
    }

    private static func appendNumber(_ tag: UInt8, _ number: UInt64, to bytes: inout [UInt8]) {
        if number == 0 { return }
        bytes.append(tag)
        Varint.append(number, to: &bytes)
    }

    private static func numberFieldSize(_ number: UInt64) -> Int {
        number == 0 ? 0 : 1 + Varint.length(number)
    }
}

// MARK: - Fields

extension KeyValue {
    /// Where the key lies in ``encoded``.
    public var keyRange: Range<Int> {
        var position = 0
        return Self.takeBytes(Tag.key, encoded.span, &position)
    }

    /// The key's bytes, without copying them.
    public var keyBytes: ArraySlice<UInt8> { encoded[keyRange] }

    /// The key, copied.
    public var key: Key { Key(keyBytes) }

    /// Compares the key with another in lexicographic order: negative, zero or positive.
    @inlinable
    public func compareKey(to other: Span<UInt8>) -> Int {
        let bytes = encoded.span
        // The key comes first, behind its tag; an empty one is left out.
        guard bytes.count > 1, bytes[0] == 0x0A else { return -other.count }
        var position = 1
        let count = Int(Varint.read(bytes, &position) ?? 0)
        return Bytes.compare(bytes.extracting(position..<(position + count)), other)
    }

    /// Whether the key is in `range`.
    public func isKey(in range: KeyRange) -> Bool { range.contains(keyBytes.span) }

    /// The revision that created the key in its present life; ``Revision/none`` in a tombstone.
    public var createRevision: Revision { Revision(number(before: Tag.createRevision)) }

    /// The revision of the last change: of this pair, or of the deletion a tombstone marks.
    public var modRevision: Revision { Revision(number(before: Tag.modRevision)) }

    /// The number of writes since the key was created; 1 when it was created, 0 in a tombstone.
    public var version: Int64 { number(before: Tag.version) }

    /// Where the value lies in ``encoded``; empty for an empty value.
    public var valueRange: Range<Int> {
        let bytes = encoded.span
        var position = 0
        skipToVersionEnd(bytes, &position)
        return Self.takeBytes(Tag.value, bytes, &position)
    }

    /// The value's bytes, without copying them.
    public var value: ArraySlice<UInt8> { encoded[valueRange] }

    /// The lease the key is attached to; ``LeaseID/none`` without one.
    public var lease: LeaseID {
        let bytes = encoded.span
        var position = 0
        skipToVersionEnd(bytes, &position)
        _ = Self.takeBytes(Tag.value, bytes, &position)
        return LeaseID(Self.takeNumber(Tag.lease, bytes, &position))
    }

    /// Whether the pair was created by its last change.
    public var isCreate: Bool { createRevision == modRevision }

    /// The same pair with an empty value, as a keys-only read answers it.
    public var withoutValue: KeyValue {
        let range = valueRange
        if range.isEmpty { return self }
        return KeyValue(
            key: key,
            createRevision: createRevision,
            modRevision: modRevision,
            version: version,
            value: [],
            lease: lease
        )
    }

    /// ``createRevision`` and ``version``, looked up together.
    package var life: (createRevision: Revision, version: Int64) {
        let bytes = encoded.span
        var position = 0
        _ = Self.takeBytes(Tag.key, bytes, &position)
        let created = Self.takeNumber(Tag.createRevision, bytes, &position)
        _ = Self.takeNumber(Tag.modRevision, bytes, &position)
        return (Revision(created), Self.takeNumber(Tag.version, bytes, &position))
    }

    private func number(before last: UInt8) -> Int64 {
        let bytes = encoded.span
        var position = 0
        _ = Self.takeBytes(Tag.key, bytes, &position)
        var tag = Tag.createRevision
        while true {
            let value = Self.takeNumber(tag, bytes, &position)
            if tag == last { return value }
            tag += Tag.modRevision - Tag.createRevision
        }
    }

    private func skipToVersionEnd(_ bytes: Span<UInt8>, _ position: inout Int) {
        _ = Self.takeBytes(Tag.key, bytes, &position)
        _ = Self.takeNumber(Tag.createRevision, bytes, &position)
        _ = Self.takeNumber(Tag.modRevision, bytes, &position)
        _ = Self.takeNumber(Tag.version, bytes, &position)
    }

    private static func takeBytes(_ tag: UInt8, _ bytes: Span<UInt8>, _ position: inout Int) -> Range<Int> {
        guard position < bytes.count, bytes[position] == tag else { return position..<position }
        position += 1
        let count = Int(Varint.read(bytes, &position) ?? 0)
        let range = position..<(position + count)
        position = range.upperBound
        return range
    }

    private static func takeNumber(_ tag: UInt8, _ bytes: Span<UInt8>, _ position: inout Int) -> Int64 {
        guard position < bytes.count, bytes[position] == tag else { return 0 }
        position += 1
        return Int64(bitPattern: Varint.read(bytes, &position) ?? 0)
    }
}

extension KeyValue: Hashable {
    public static func == (left: KeyValue, right: KeyValue) -> Bool { left.encoded == right.encoded }

    public func hash(into hasher: inout Hasher) { hasher.combine(encoded) }
}

extension KeyValue: CustomStringConvertible {
    public var description: String {
        "\(key)=\(String(decoding: value, as: UTF8.self)) (created \(createRevision), modified \(modRevision), version \(version))"
    }
}

// MARK: - Decoding

extension KeyValue {
    /// Reads an encoded `mvccpb.KeyValue` that came from outside.
    ///
    /// Canonical input is taken over as it is, in one copy; fields in another order, repeated or unknown are accepted
    /// as protobuf demands and encoded anew.
    ///
    /// - Throws: ``WireFormatError`` if the bytes are not a message.
    public init(decoding bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        if Self.isCanonical(bytes.span) {
            self.init(canonical: Array(bytes))
            return
        }
        var key: ArraySlice<UInt8> = []
        var value: ArraySlice<UInt8> = []
        var numbers: [UInt64: Int64] = [:]
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.content) {
            case (1, .bytes(let range)): key = bytes[range]
            case (5, .bytes(let range)): value = bytes[range]
            case (2, .number(let number)), (3, .number(let number)), (4, .number(let number)), (6, .number(let number)):
                numbers[field.number] = Int64(bitPattern: number)
            case (1...6, _): throw WireFormatError("field \(field.number) of a KeyValue has the wrong type")
            default: continue
            }
        }
        self.init(
            key: Key(key),
            createRevision: Revision(numbers[2] ?? 0),
            modRevision: Revision(numbers[3] ?? 0),
            version: numbers[4] ?? 0,
            value: value,
            lease: LeaseID(numbers[6] ?? 0)
        )
    }

    /// Whether the bytes are laid out as ``init(key:createRevision:modRevision:version:value:lease:)`` lays them out.
    private static func isCanonical(_ bytes: Span<UInt8>) -> Bool {
        var position = 0
        var lastTag: UInt8 = 0
        while position < bytes.count {
            let tag = bytes[position]
            guard tag > lastTag else { return false }
            lastTag = tag
            position += 1
            let start = position
            guard let number = Varint.read(bytes, &position), number != 0,
                position - start == Varint.length(number)
            else { return false }
            switch tag {
            case Tag.key, Tag.value:
                guard number <= UInt64(bytes.count - position) else { return false }
                position += Int(number)
            case Tag.createRevision, Tag.modRevision, Tag.version, Tag.lease:
                continue
            default:
                return false
            }
        }
        return true
    }
}
