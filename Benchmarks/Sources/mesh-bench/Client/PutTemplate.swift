internal import BenchmarkSupport
internal import MeshCore
internal import MeshWire

/// Requests to put keys `<prefix>000000`, `<prefix>000001`, …, encoded once: each further one is a copy with another
/// number and time.
struct PutTemplate: Sendable {
    private static let digits = 6

    /// The most keys.
    static let maximumKeys = 1_000_000

    private let request: [UInt8]
    private let digitsEnd: Int
    private let timeStart: Int

    /// A template for values of `valueBytes` bytes, at least the eight of the time in front.
    init(prefix: String, valueBytes: Int) {
        precondition(valueBytes >= 8, "a value holds the time of its sending")
        let value = [UInt8](repeating: 0, count: 8) + [UInt8](repeating: UInt8(ascii: "v"), count: valueBytes - 8)
        request = TransactionCodec.encodeRequest(PutRequest(Self.key(0, of: prefix), value))
        timeStart = request.count - valueBytes
        // Between key and value lie the value's tag and length.
        let lengthBytes = Varint.length(UInt64(valueBytes))
        digitsEnd = timeStart - lengthBytes - 1
    }

    /// The key with a number.
    static func key(_ number: Int, of prefix: String) -> Key {
        let text = String(number)
        return Key(prefix + String(repeating: "0", count: max(0, digits - text.count)) + text)
    }

    /// The request for one key, sent at `time`.
    func request(key number: Int, at time: UInt64) -> [UInt8] {
        var request = request
        var rest = number
        for position in (digitsEnd - Self.digits..<digitsEnd).reversed() {
            request[position] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        for byte in 0..<8 { request[timeStart + byte] = UInt8(truncatingIfNeeded: time >> UInt64(8 * byte)) }
        return request
    }
}
