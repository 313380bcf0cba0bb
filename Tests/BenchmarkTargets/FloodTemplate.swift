import MeshCore
import MeshRecords
import MeshWire

/// A watch message of a flood, encoded once: to become the next one, only revision and addresses are written over.
///
/// All numbers in it have a fixed width: revisions are so great that each takes six bytes, and addresses so chosen that
/// each takes fifteen (`100.100.100.100` … `199.199.199.199`). So the next message is there before it is asked for, and
/// sending costs a server next to nothing beside copying it.
struct FloodTemplate: Sendable {
    /// The revision of the first message.
    static let firstRevision: Int64 = 1 << 36

    private static let revisionWidth = 6
    private static let placeholder = "100.100.100.100"

    /// Where in the message an event has what changes.
    private struct Event: Sendable {
        var revision: Int
        var addresses: [Int]
    }

    private var bytes: [UInt8]
    private var events: [Event] = []
    private var revision = firstRevision
    private var next = 0

    /// A message for a watch, with so many events.
    ///
    /// - Parameter garbage: Whether the values are no records.
    init(_ head: WatchResponseHead, identity: UInt32, events count: Int, garbage: Bool) throws {
        bytes = WatchCodec.encodeHead(head)
        let address = try IPAddress(Self.placeholder)
        var record = IPRecord(ip: .address(address), hostIP: IPAddress(v4: 0xAC12_0001), identity: identity)
        record.namespace = "flood"
        record.podName = "flood-6d4cf56db6-abcde"
        let text = Array(Self.placeholder.utf8)
        for number in 0..<count {
            let key = RecordKey.ip(.address(address)).key(in: try ClusterName("any"))
            let value = garbage ? Self.garbage(number) : record.encoded()
            let pair = KeyValue(
                key: key, createRevision: 1, modRevision: Revision(Self.firstRevision), version: 1, value: value)
            WatchCodec.appendEvent(WatchEvent(kind: .put, pair: pair), to: &bytes)
            let start = bytes.count - pair.encoded.count
            events.append(
                Event(
                    // Behind the key: tag and revision of the creation, and the tag of this one.
                    revision: start + pair.keyRange.upperBound + 3,
                    addresses: Self.places(of: text, in: pair.encoded).map { start + $0 }
                )
            )
        }
    }

    /// How many events a message has.
    var eventCount: Int { events.count }

    /// The next message.
    mutating func advance() -> [UInt8] {
        for event in events {
            write(revision, at: event.revision)
            for place in event.addresses { write(address: next, at: place) }
            next += 1
        }
        revision += 1
        return bytes
    }

    private mutating func write(_ revision: Int64, at place: Int) {
        var rest = revision
        for offset in 0..<Self.revisionWidth {
            let isLast = offset == Self.revisionWidth - 1
            bytes[place + offset] = UInt8(rest & 0x7F) | (isLast ? 0 : 0x80)
            rest >>= 7
        }
    }

    private mutating func write(address number: Int, at place: Int) {
        var rest = number
        for part in [3, 2, 1, 0] {
            let digits = place + 4 * part + 1
            bytes[digits] = UInt8(ascii: "0") + UInt8(rest / 10 % 10)
            bytes[digits + 1] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 100
        }
    }

    private static func places(of text: [UInt8], in bytes: [UInt8]) -> [Int] {
        guard bytes.count >= text.count else { return [] }
        return (0...(bytes.count - text.count)).filter { bytes[$0..<($0 + text.count)].elementsEqual(text) }
    }

    /// Values that are wrong in one way after another.
    private static func garbage(_ number: Int) -> [UInt8] {
        switch number % 4 {
        case 0: (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ number) }
        case 1: Array(#"{"IP":"10.0.0.1","ID":7,"HostIP":"#.utf8)
        case 2: Array(#"{"IP":["100.100.100.100"],"ID":"x"}"#.utf8)
        default: Array(String(repeating: "[", count: 300).utf8)
        }
    }
}
