internal import MeshCore

/// A value that is one of our own messages: written field by field, and read by the rules of proto3, by which a message
/// that comes twice is merged into itself.
protocol FieldMessage {
    /// The message without a field.
    static var empty: Self { get }

    /// Writes the fields in ascending order.
    func write(to writer: inout WireWriter)

    /// Takes one field of the message `bytes`; unknown ones are passed over.
    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError)
}

extension FieldMessage {
    /// The message's bytes.
    var encoded: [UInt8] {
        var writer = WireWriter()
        write(to: &writer)
        return writer.encoded
    }

    /// Takes the fields of a message.
    mutating func merge(_ bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        var reader = WireReader(bytes)
        while let field = try reader.next() { try take(field, in: bytes) }
    }
}

extension WireWriter {
    /// Writes a message, if there is one.
    mutating func message(_ field: UInt64, _ value: (some FieldMessage)?) {
        if let value { message(field, value.encoded) }
    }

    /// Writes a repeated message.
    mutating func messages(_ field: UInt64, _ values: [some FieldMessage]) {
        for value in values { message(field, value.encoded) }
    }

    /// Writes a repeated text, empty ones as well.
    mutating func texts(_ field: UInt64, _ values: [String]) {
        for value in values { message(field, Array(value.utf8)) }
    }

    /// Writes a time in whole milliseconds.
    mutating func milliseconds(_ field: UInt64, _ value: Duration) {
        number(field, value.wholeMilliseconds)
    }

    /// Writes a time that may be missing.
    mutating func span(_ field: UInt64, _ value: Duration?) {
        message(field, value.map(Span.init))
    }
}

extension WireReader.Field {
    /// A text of the message `bytes`; what is not UTF-8 becomes the replacement character.
    func text(in bytes: ArraySlice<UInt8>) throws(WireFormatError) -> String {
        String(decoding: bytes[try range()], as: UTF8.self)
    }

    /// A text that is missing where it is empty.
    func textIfAny(in bytes: ArraySlice<UInt8>) throws(WireFormatError) -> String? {
        let text = try text(in: bytes)
        return text.isEmpty ? nil : text
    }

    /// A signed number that is missing where it is zero.
    func numberIfAny() throws(WireFormatError) -> Int64? {
        let number = try number()
        return number == 0 ? nil : number
    }

    /// A number of 32 bits; of a larger one the lower bits, as proto3 says.
    func number32() throws(WireFormatError) -> UInt32 {
        UInt32(truncatingIfNeeded: try unsigned())
    }

    /// A time in milliseconds.
    func milliseconds() throws(WireFormatError) -> Duration {
        .milliseconds(try number())
    }

    /// A message, merged into what came before.
    func message<Message: FieldMessage>(
        in bytes: ArraySlice<UInt8>, after earlier: Message? = nil
    ) throws(WireFormatError) -> Message {
        var message = earlier ?? .empty
        try message.merge(bytes[try range()])
        return message
    }

    /// A time that may be missing.
    func span(in bytes: ArraySlice<UInt8>, after earlier: Duration?) throws(WireFormatError) -> Duration {
        let span: Span = try message(in: bytes, after: earlier.map(Span.init))
        return span.duration
    }
}

/// A time as a message, which can be missing.
private struct Span: FieldMessage {
    var duration = Duration.zero

    static let empty = Span(duration: .zero)

    func write(to writer: inout WireWriter) {
        writer.milliseconds(1, duration)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        if field.number == 1 { duration = try field.milliseconds() }
    }
}

extension Duration {
    /// The time in milliseconds, cut; what has no room becomes the nearest number that has.
    fileprivate var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, overflowsToo) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return overflows || overflowsToo ? (seconds < 0 ? .min : .max) : sum
    }
}
