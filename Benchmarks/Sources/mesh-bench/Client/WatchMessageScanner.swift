internal import MeshCore

/// Walks over a WatchResponse and takes out of it what a benchmark counts, without unpacking anything.
///
/// Servers write a message's fields in the order of their numbers, so that the watch is known before its events.
enum WatchMessageScanner {
    /// All of a message but its events.
    struct Head: Hashable, Sendable {
        var watchID: Int64 = 0
        var isCreated = false
        var isCanceled = false
        /// Below which revision history is gone, where a watch ended for that.
        var compactRevision: Int64 = 0
        /// Why the watch ended.
        var reason: Range<Int>?
    }

    /// What is counted of an event.
    struct Event: Hashable, Sendable {
        /// The revision of the change.
        var revision: Int64 = 0
        /// How often the key has been written.
        var version: Int64 = 0
        /// The first eight bytes of the value; 0 if it has fewer.
        var sentAt: UInt64 = 0
    }

    /// Reads a message; `nil` if it is none. `each` is called for every event, with what stands before it.
    @inline(__always)
    static func scan(_ message: Span<UInt8>, each: (Head, Event) -> Void) -> Head? {
        var head = Head()
        var position = 0
        while position < message.count {
            guard let tag = Varint.read(message, &position), let number = value(tag, message, &position) else {
                return nil
            }
            switch tag {
            case 2 << 3: head.watchID = Int64(bitPattern: number)
            case 3 << 3: head.isCreated = number != 0
            case 4 << 3: head.isCanceled = number != 0
            case 5 << 3: head.compactRevision = Int64(bitPattern: number)
            case 6 << 3 | 2:
                head.reason = position..<position + Int(number)
                position += Int(number)
            case 11 << 3 | 2:
                guard let event = event(message, from: position, to: position + Int(number)) else { return nil }
                each(head, event)
                position += Int(number)
            default:
                if tag & 7 == 2 { position += Int(number) }
            }
        }
        return head
    }

    /// Reads an event: its pair is field 2.
    @inline(__always)
    private static func event(_ message: Span<UInt8>, from start: Int, to end: Int) -> Event? {
        var event = Event()
        var position = start
        while position < end {
            guard let tag = Varint.read(message, &position), let number = value(tag, message, &position) else {
                return nil
            }
            if tag == 2 << 3 | 2 {
                guard pair(message, from: position, to: position + Int(number), into: &event) else { return nil }
            }
            if tag & 7 == 2 { position += Int(number) }
        }
        return position == end ? event : nil
    }

    @inline(__always)
    private static func pair(_ message: Span<UInt8>, from start: Int, to end: Int, into event: inout Event) -> Bool {
        var position = start
        while position < end {
            guard let tag = Varint.read(message, &position), let number = value(tag, message, &position) else {
                return false
            }
            switch tag {
            case 3 << 3: event.revision = Int64(bitPattern: number)
            case 4 << 3: event.version = Int64(bitPattern: number)
            case 5 << 3 | 2:
                if number >= 8 {
                    event.sentAt = message.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
                }
                position += Int(number)
            default:
                if tag & 7 == 2 { position += Int(number) }
            }
        }
        return position == end
    }

    /// A field's number, or its count of bytes if it has bytes, which lie inside the message then.
    @inline(__always)
    private static func value(_ tag: UInt64, _ message: Span<UInt8>, _ position: inout Int) -> UInt64? {
        switch tag & 7 {
        case 0: return Varint.read(message, &position)
        case 2:
            guard let count = Varint.read(message, &position), count <= UInt64(message.count - position) else {
                return nil
            }
            return count
        default: return nil
        }
    }
}
