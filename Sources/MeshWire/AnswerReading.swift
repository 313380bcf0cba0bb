internal import MeshCore

// Reading the fields of answers by the rules of proto3: of a repeated single field the last one counts, messages are
// merged, unknown fields are passed over, a known field of the wrong type is a fault.

extension WireReader.Field {
    /// The place of a text's, a message's or bytes' content.
    func range() throws(WireFormatError) -> Range<Int> {
        guard case .bytes(let range) = content else { throw wrongType }
        return range
    }

    /// A signed number; negative ones travel as their two's complement.
    func number() throws(WireFormatError) -> Int64 {
        Int64(bitPattern: try unsigned())
    }

    /// An unsigned number.
    func unsigned() throws(WireFormatError) -> UInt64 {
        guard case .number(let number) = content else { throw wrongType }
        return number
    }

    /// A truth value.
    func flag() throws(WireFormatError) -> Bool {
        try unsigned() != 0
    }

    /// A text of the message `bytes`; what is not UTF-8 becomes the replacement character.
    func text(in bytes: [UInt8]) throws(WireFormatError) -> String {
        String(decoding: bytes[try range()], as: UTF8.self)
    }

    private var wrongType: WireFormatError { WireFormatError("field \(number) has the wrong type") }
}

/// Reads a message with `read`, and names the message in what it throws.
func reading<Value>(
    _ name: String,
    _ bytes: [UInt8],
    _ read: (ArraySlice<UInt8>) throws(WireFormatError) -> Value
) throws(WireMessageError) -> Value {
    do {
        return try read(bytes[...])
    } catch {
        throw WireMessageError(malformed: name, error)
    }
}

/// Reads an answer: its header, which is field 1 of every answer of etcd, and what `take` makes of the other fields.
///
/// The places that a field tells are places in `bytes`.
func readingAnswer<Value>(
    _ name: String,
    _ bytes: [UInt8],
    _ empty: Value,
    _ take: (inout Value, WireReader.Field) throws(WireFormatError) -> Void
) throws(WireMessageError) -> (header: ResponseHeader?, answer: Value) {
    try reading(name, bytes) { (bytes) throws(WireFormatError) in
        var header: ResponseHeader?
        var answer = empty
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            if field.number == 1 {
                header = try ResponseHeader(decoding: bytes[try field.range()], merging: header)
            } else {
                try take(&answer, field)
            }
        }
        return (header, answer)
    }
}

/// Reads an answer whose revision is its header's.
func readingAnswer<Value>(
    _ name: String,
    _ bytes: [UInt8],
    _ empty: Value,
    revision: WritableKeyPath<Value, Revision>,
    _ take: (inout Value, WireReader.Field) throws(WireFormatError) -> Void
) throws(WireMessageError) -> (header: ResponseHeader?, answer: Value) {
    var (header, answer) = try readingAnswer(name, bytes, empty, take)
    answer[keyPath: revision] = header?.revision ?? .none
    return (header, answer)
}

/// Reads an answer that is nothing but its header.
func readingHeader(_ name: String, _ bytes: [UInt8]) throws(WireMessageError) -> ResponseHeader? {
    try readingAnswer(name, bytes, ()) { _, _ in }.header
}

/// Writes an answer: its header, and what `write` adds.
func writingAnswer(_ header: ResponseHeader, _ write: (inout WireWriter) -> Void = { _ in }) -> [UInt8] {
    var writer = WireWriter(capacity: 64)
    writer.header(1, header)
    write(&writer)
    return writer.encoded
}

extension WireWriter {
    /// Writes a header as a field, without encoding it apart from the message that it is in.
    mutating func header(_ field: UInt64, _ header: ResponseHeader) {
        head(field, count: header.encodedSize)
        number(1, header.clusterID)
        number(2, header.memberID)
        number(3, header.revision)
        number(4, header.raftTerm)
    }
}

extension ResponseHeader {
    /// The bytes that the header is written with.
    fileprivate var encodedSize: Int {
        WireWriter.size(of: clusterID) + WireWriter.size(of: memberID)
            + WireWriter.size(of: UInt64(bitPattern: revision.rawValue)) + WireWriter.size(of: raftTerm)
    }

    /// A header that says only the revision, as the answers inside a transaction's answer have it.
    static func inner(_ revision: Revision) -> ResponseHeader {
        ResponseHeader(clusterID: 0, memberID: 0, revision: revision, raftTerm: 0)
    }

    /// Reads a header, merging it into `earlier` if the field was there before.
    init(decoding bytes: ArraySlice<UInt8>, merging earlier: ResponseHeader?) throws(WireFormatError) {
        self = earlier ?? .inner(.none)
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: clusterID = try field.unsigned()
            case 2: memberID = try field.unsigned()
            case 3: revision = Revision(try field.number())
            case 4: raftTerm = try field.unsigned()
            default: continue
            }
        }
    }
}

extension ArraySlice<UInt8>? {
    /// Adds a later occurrence of the same field: one encoded message after another is the encoding of both merged.
    mutating func merge(_ later: ArraySlice<UInt8>) {
        if self == nil { self = later } else { self?.append(contentsOf: later) }
    }
}
