internal import MeshCore

// How long requests are as etcd's messages, without encoding them: etcd's bound is one of encoded bytes.

/// What etcd writes to its log for a request: a message with a header and the request (`InternalRaftRequest`).
enum LoggedRequest {
    /// Tag and length of the header, and in it the tag and, mostly, ten bytes of a number.
    private static let header = 14

    /// What is around a request of that many bytes.
    static func overhead(_ bytes: Int) -> Int { header + MessageSize.message(bytes) - bytes }
}

/// The size of a message's fields; a field that has its default takes no room.
private enum MessageSize {
    /// A field of another message, which is there even if it is empty.
    static func message(_ size: Int) -> Int { 1 + Varint.length(UInt64(size)) + size }

    static func bytes(_ bytes: [UInt8]) -> Int { bytes.isEmpty ? 0 : message(bytes.count) }

    static func number(_ number: Int64) -> Int {
        number == 0 ? 0 : 1 + Varint.length(UInt64(bitPattern: number))
    }

    static func number(_ revision: Revision) -> Int { number(revision.rawValue) }

    static func flag(_ flag: Bool) -> Int { flag ? 2 : 0 }

    static func range(_ range: KeyRange) -> Int { bytes(range.wireKey) + bytes(range.wireRangeEnd) }
}

extension PutRequest {
    /// The bytes of the request as etcd's message.
    var encodedSize: Int {
        MessageSize.bytes(key.bytes) + MessageSize.bytes(value) + MessageSize.number(lease.rawValue)
            + MessageSize.flag(previousPair) + MessageSize.flag(ignoreValue) + MessageSize.flag(ignoreLease)
    }
}

extension DeleteRequest {
    /// The bytes of the request as etcd's message.
    var encodedSize: Int { MessageSize.range(range) + MessageSize.flag(previousPairs) }
}

extension RangeRequest {
    /// The bytes of the request as etcd's message.
    fileprivate var encodedSize: Int {
        let flags = [serializable, keysOnly, countOnly].reduce(0) { $0 + MessageSize.flag($1) }
        let numbers = [
            Revision(limit), revision, Revision(Int64(sortOrder.rawValue)), Revision(Int64(sortTarget.rawValue)),
            minimumModRevision, maximumModRevision, minimumCreateRevision, maximumCreateRevision,
        ]
        return numbers.reduce(MessageSize.range(range) + flags) { $0 + MessageSize.number($1) }
    }
}

extension Compare {
    /// The bytes of the condition as etcd's message.
    fileprivate var encodedSize: Int {
        // What is compared with is there even if it is zero. The end of the range has a tag of two bytes.
        let end = range.wireRangeEnd
        let fixed = MessageSize.bytes(range.wireKey) + MessageSize.bytes(end) + (end.isEmpty ? 0 : 1)
        let kinds = MessageSize.number(Int64(relation.rawValue)) + (isOfVersion ? 0 : 2)
        let operand =
            switch target {
            case .version(let number): Self.operand(number)
            case .createRevision(let revision), .modRevision(let revision): Self.operand(revision.rawValue)
            case .value(let value): MessageSize.message(value.count)
            case .lease(let lease): Self.operand(lease.rawValue)
            }
        return fixed + kinds + operand
    }

    private var isOfVersion: Bool {
        if case .version = target { true } else { false }
    }

    private static func operand(_ number: Int64) -> Int { 1 + Varint.length(UInt64(bitPattern: number)) }
}

extension TransactionRequest {
    /// The bytes of the request as etcd's message, those of nested transactions included.
    var encodedSize: Int {
        let compares = compares.reduce(0) { $0 + MessageSize.message($1.encodedSize) }
        return [success, failure].joined().reduce(compares) { $0 + $1.encodedSize }
    }
}

extension TransactionRequest.Operation {
    /// The bytes of the operation as a field of a transaction.
    fileprivate var encodedSize: Int {
        let size =
            switch self {
            case .range(let range): range.encodedSize
            case .put(let put): put.encodedSize
            case .delete(let delete): delete.encodedSize
            case .transaction(let nested): nested.encodedSize
            }
        // A message in a message.
        return MessageSize.message(MessageSize.message(size))
    }
}
