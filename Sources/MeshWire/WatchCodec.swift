internal import CProtos
public import MeshCore

/// `etcdserverpb.WatchRequest` and `WatchResponse` as bytes.
///
/// A WatchResponse is written in two parts, so that many watches can share the second: its head, and its events. The
/// head's bytes followed by the events' bytes are the message, because `events` has the greatest field number.
public enum WatchCodec {
    // MARK: Requests

    /// Reads a client's message; `nil` for an empty one, which etcd passes over.
    ///
    /// An empty key becomes a single zero byte, as in etcd; unknown filters are passed over.
    ///
    /// - Throws: ``WireMessageError`` if the bytes break a limit or are no WatchRequest.
    public static func decodeRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> WatchClientMessage? {
        try Etcdserverpb__WatchRequest.unpack(bytes, limits: limits) { message in
            switch message.request_union_case {
            case ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_CREATE_REQUEST:
                .create(WatchCreateRequest(unpacked: message.create_request.pointee))
            case ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_CANCEL_REQUEST:
                .cancel(watchID: message.cancel_request.pointee.watch_id)
            case ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_PROGRESS_REQUEST:
                .progress
            default:
                nil
            }
        }
    }

    /// Writes a client's message.
    public static func encodeRequest(_ message: WatchClientMessage) -> [UInt8] {
        var writer = WireWriter()
        switch message {
        case .create(let request):
            writer.message(1, request.encoded)
        case .cancel(let watchID):
            var cancel = WireWriter()
            cancel.number(1, watchID)
            writer.message(2, cancel.encoded)
        case .progress:
            writer.message(3, [])
        }
        return writer.encoded
    }

    // MARK: Answers

    /// Writes all of a WatchResponse but its events.
    public static func encodeHead(_ head: WatchResponseHead) -> [UInt8] {
        var writer = WireWriter(capacity: 64 + head.cancelReason.utf8.count)
        writer.header(1, head.header)
        writer.number(2, head.watchID)
        writer.flag(3, head.created)
        writer.flag(4, head.canceled)
        writer.number(5, head.compactRevision)
        writer.text(6, head.cancelReason)
        writer.flag(7, head.fragment)
        return writer.encoded
    }

    /// Calls `body` with all of a WatchResponse but its events. Allocates nothing, unless the head has a text.
    public static func withEncodedHead<Result>(
        _ head: WatchResponseHead,
        _ body: (Span<UInt8>) -> Result
    ) -> Result {
        guard head.cancelReason.isEmpty else { return body(encodeHead(head).span) }
        return WatchHeadWriter(head).withSpan(body)
    }

    /// Appends one event as a field `events` of a WatchResponse: a head of at most 16 bytes, the pair as it lies in
    /// the store, and with a previous pair a small head and that pair.
    public static func appendEvent(_ event: WatchEvent, to bytes: inout [UInt8]) {
        bytes.append(Tag.events)
        Varint.append(UInt64(contentSize(event)), to: &bytes)
        if event.kind == .delete {
            bytes.append(Tag.type)
            bytes.append(Tag.deleteType)
        }
        append(event.pair, Tag.pair, to: &bytes)
        if let previous = event.previous { append(previous, Tag.previous, to: &bytes) }
    }

    /// The number of bytes that ``appendEvent(_:to:)`` appends.
    public static func encodedEventSize(_ event: WatchEvent) -> Int {
        let size = contentSize(event)
        return 1 + Varint.length(UInt64(size)) + size
    }

    /// Reads a server's message.
    ///
    /// - Throws: ``WireMessageError`` if the bytes are no WatchResponse, or an event has no pair or an unknown type.
    /// - Complexity: linear in the bytes; a canonical pair is copied once.
    public static func decodeResponse(_ bytes: [UInt8]) throws(WireMessageError) -> WatchServerMessage {
        try reading("etcdserverpb.WatchResponse", bytes, WatchServerMessage.init(decoding:))
    }

    fileprivate enum Tag {
        static let events: UInt8 = 11 << 3 | 2
        static let type: UInt8 = 1 << 3
        static let deleteType: UInt8 = 1
        static let pair: UInt8 = 2 << 3 | 2
        static let previous: UInt8 = 3 << 3 | 2
    }

    private static func contentSize(_ event: WatchEvent) -> Int {
        (event.kind == .delete ? 2 : 0) + WireWriter.size(of: event.pair)
            + (event.previous.map(WireWriter.size(of:)) ?? 0)
    }

    private static func append(_ pair: KeyValue, _ tag: UInt8, to bytes: inout [UInt8]) {
        bytes.append(tag)
        Varint.append(UInt64(pair.encoded.count), to: &bytes)
        bytes.append(contentsOf: pair.encoded)
    }
}

extension WatchCreateRequest {
    fileprivate init(unpacked message: Etcdserverpb__WatchCreateRequest) {
        let key = message.key.bytes
        var options = WatchOptions()
        options.previousPairs = message.prev_kv != 0
        for filter in elements(message.n_filters, message.filters) {
            switch filter {
            case ETCDSERVERPB__WATCH_CREATE_REQUEST__FILTER_TYPE__NOPUT: options.includesPuts = false
            case ETCDSERVERPB__WATCH_CREATE_REQUEST__FILTER_TYPE__NODELETE: options.includesDeletes = false
            default: continue
            }
        }
        self.init(
            KeyRange(key: key.isEmpty ? [0] : key, rangeEnd: message.range_end.bytes),
            from: Revision(message.start_revision),
            options: options,
            progressNotify: message.progress_notify != 0,
            watchID: message.watch_id,
            fragment: message.fragment != 0
        )
    }

    fileprivate var encoded: [UInt8] {
        var filters: [UInt8] = []
        if !options.includesPuts { filters.append(0) }
        if !options.includesDeletes { filters.append(1) }
        var writer = WireWriter(capacity: range.lower.bytes.count * 2 + 32)
        writer.bytes(1, range.wireKey)
        writer.bytes(2, range.wireRangeEnd)
        writer.number(3, startRevision)
        writer.flag(4, progressNotify)
        writer.bytes(5, filters)
        writer.flag(6, options.previousPairs)
        writer.number(7, watchID)
        writer.flag(8, fragment)
        return writer.encoded
    }
}

extension WatchServerMessage {
    fileprivate init(decoding bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        self.init()
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: header = try ResponseHeader(decoding: bytes[try field.range()], merging: header)
            case 2: watchID = try field.number()
            case 3: created = try field.flag()
            case 4: canceled = try field.flag()
            case 5: compactRevision = Revision(try field.number())
            case 6: cancelReason = String(decoding: bytes[try field.range()], as: UTF8.self)
            case 7: fragment = try field.flag()
            case 11: events.append(try WatchEvent(decoding: bytes[try field.range()]))
            default: continue
            }
        }
    }
}

extension WatchEvent {
    fileprivate init(decoding bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        var type: Int32 = 0
        var pair: ArraySlice<UInt8>?
        var previous: ArraySlice<UInt8>?
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: type = Int32(truncatingIfNeeded: try field.number())
            case 2: pair.merge(bytes[try field.range()])
            case 3: previous.merge(bytes[try field.range()])
            default: continue
            }
        }
        guard type == 0 || type == 1 else { throw WireFormatError("an event has the unknown type \(type)") }
        guard let pair else { throw WireFormatError("an event has no pair") }
        self.init(kind: type == 0 ? .put : .delete, pair: try KeyValue(decoding: pair))
        if let previous { self.previous = try KeyValue(decoding: previous) }
    }
}
