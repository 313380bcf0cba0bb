import MeshCore
import MeshWire

/// Reads any bytes as each of the messages that come from outside; what can be read must come back unchanged when it
/// is written and read again.
enum WireFuzzing {
    /// The first byte chooses the message, the rest is the message.
    static func run(_ input: [UInt8]) throws(FuzzFinding) {
        guard let choice = input.first else { return }
        let codecs = choice & 0x80 == 0 ? requests : answers
        let index = Int(choice & 0x7F)
        if index < codecs.count { try codecs[index].check(Array(input.dropFirst())) }
    }
}

/// How a message is read and written.
struct FuzzedCodec: Sendable {
    let check: @Sendable ([UInt8]) throws(FuzzFinding) -> Void

    /// A message that is read as a value.
    init<Value: Equatable & Sendable>(
        _ name: String,
        _ decode: @escaping @Sendable ([UInt8]) throws -> Value,
        _ encode: @escaping @Sendable (Value) -> [UInt8]
    ) {
        check = { bytes throws(FuzzFinding) in
            guard let value = try? decode(bytes) else { return }
            let written = encode(value)
            guard let again = try? decode(written) else {
                throw FuzzFinding("\(name): \(value) was written as \(written), which can't be read")
            }
            guard again == value else { throw FuzzFinding("\(name): \(value) came back as \(again)") }
        }
    }

    /// An answer; those without header are only read, as they are never written.
    init<Value: Equatable & Sendable>(
        answer name: String,
        _ decode: @escaping @Sendable ([UInt8]) throws -> (header: ResponseHeader?, answer: Value),
        _ encode: @escaping @Sendable (ResponseHeader, Value) -> [UInt8]
    ) {
        self.init(name) { bytes in
            let (header, answer) = try decode(bytes)
            guard let header else { throw NoHeader() }
            return FuzzedAnswer(header: header, answer: answer)
        } _: {
            encode($0.header, $0.answer)
        }
    }
}

private struct NoHeader: Error {}

private struct FuzzedAnswer<Value: Equatable & Sendable>: Equatable, Sendable {
    var header: ResponseHeader
    var answer: Value
}
