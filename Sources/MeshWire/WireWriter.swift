internal import MeshCore

/// Writes the fields of one protobuf message, in the order of its calls.
///
/// Called in ascending order of field numbers it writes the canonical encoding: zero numbers, empty bytes and false
/// are left out, as proto3 demands.
struct WireWriter {
    /// What was written so far.
    private(set) var encoded: [UInt8] = []

    /// Starts an empty message with room for `capacity` bytes.
    init(capacity: Int = 0) {
        encoded.reserveCapacity(capacity)
    }

    mutating func number(_ field: UInt64, _ value: UInt64) {
        if value == 0 { return }
        Varint.append(field << 3, to: &encoded)
        Varint.append(value, to: &encoded)
    }

    mutating func number(_ field: UInt64, _ value: Int64) {
        number(field, UInt64(bitPattern: value))
    }

    mutating func number(_ field: UInt64, _ value: Revision) {
        number(field, value.rawValue)
    }

    mutating func flag(_ field: UInt64, _ value: Bool) {
        number(field, value ? 1 as UInt64 : 0)
    }

    mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
        if !value.isEmpty { message(field, value) }
    }

    mutating func text(_ field: UInt64, _ value: String) {
        bytes(field, Array(value.utf8))
    }

    /// Writes a field even when it is empty, as the fields of a oneof and inner messages are.
    mutating func message(_ field: UInt64, _ value: [UInt8]) {
        head(field, count: value.count)
        encoded.append(contentsOf: value)
    }

    /// Writes what stands before the `count` bytes of a field's message, which are to be written next.
    mutating func head(_ field: UInt64, count: Int) {
        Varint.append(field << 3 | 2, to: &encoded)
        Varint.append(UInt64(count), to: &encoded)
    }

    /// Writes a number even when it is zero, as the fields of a oneof are.
    mutating func presentNumber(_ field: UInt64, _ value: Int64) {
        Varint.append(field << 3, to: &encoded)
        Varint.append(UInt64(bitPattern: value), to: &encoded)
    }

    /// The bytes that a number takes as a field with a number below 16; none if it is zero.
    static func size(of number: UInt64) -> Int {
        number == 0 ? 0 : 1 + Varint.length(number)
    }

    /// The bytes that a pair takes as a field with a number below 16.
    static func size(of pair: KeyValue) -> Int {
        1 + Varint.length(UInt64(pair.encoded.count)) + pair.encoded.count
    }
}
