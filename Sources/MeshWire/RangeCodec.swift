internal import CProtos
public import MeshCore

/// `etcdserverpb.RangeRequest` and `RangeResponse` as bytes.
public enum RangeCodec {
    /// Reads a request.
    ///
    /// An empty key is let through, as the key of ``MeshCore/RangeRequest/range``: the server answers it with
    /// ``MeshCore/EtcdError/emptyKey``.
    ///
    /// - Throws: ``WireMessageError`` if the bytes break a limit or are no RangeRequest, or ask for an unknown order.
    public static func decodeRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> RangeRequest {
        try Etcdserverpb__RangeRequest.unpack(bytes, limits: limits, RangeRequest.init(unpacked:))
    }

    /// Writes a request.
    public static func encodeRequest(_ request: RangeRequest) -> [UInt8] {
        request.encoded
    }

    /// Writes an answer; its pairs go out as they lie in the store.
    ///
    /// - Complexity: one copy of each pair's bytes.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: RangeAnswer) -> [UInt8] {
        answer.encoded(header)
    }

    /// The number of bytes that an answer is written with.
    public static func encodedAnswerSize(_ header: ResponseHeader, _ answer: RangeAnswer) -> Int {
        answer.encodedHead(header).count + answer.encodedTail.count
            + answer.pairs.reduce(0) { $0 + WireWriter.size(of: $1) }
    }

    /// Writes an answer part by part, so that nobody needs to hold it as a whole; its pairs go out as they lie in the
    /// store.
    public static func encodeAnswer<Sink: MessageSink & ~Copyable>(
        _ header: ResponseHeader,
        _ answer: RangeAnswer,
        into sink: inout Sink
    ) {
        sink.append(answer.encodedHead(header))
        var head: [UInt8] = []
        for pair in answer.pairs {
            head.removeAll(keepingCapacity: true)
            head.append(2 << 3 | 2)
            Varint.append(UInt64(pair.encoded.count), to: &head)
            sink.append(head)
            sink.append(referringTo: pair.encoded)
        }
        sink.append(answer.encodedTail)
    }

    /// Writes one of the messages of a RangeStream that come before the last one: pairs and nothing else.
    ///
    /// - Complexity: one copy of each pair's bytes.
    public static func encodeStreamPart(_ pairs: ArraySlice<KeyValue>) -> [UInt8] {
        let size = pairs.reduce(0) { $0 + WireWriter.size(of: $1) }
        var writer = WireWriter(capacity: size + 12)
        writer.head(1, count: size)
        for pair in pairs { writer.message(2, pair.encoded) }
        return writer.encoded
    }

    /// Writes the last message of a RangeStream: header, `more` and `count` of the whole answer, with its last pairs.
    ///
    /// - Complexity: one copy of each pair's bytes.
    public static func encodeLastStreamPart(_ header: ResponseHeader, _ answer: RangeAnswer) -> [UInt8] {
        let inner = answer.encoded(header)
        var writer = WireWriter(capacity: inner.count + 12)
        writer.message(1, inner)
        return writer.encoded
    }

    /// Reads a message of a RangeStream. Only the last one has a header, and with it `more` and `count`.
    ///
    /// - Throws: ``WireMessageError`` if the bytes are no RangeStreamResponse.
    public static func decodeStreamPart(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: RangeAnswer) {
        try reading("etcdserverpb.RangeStreamResponse", bytes) { (bytes) throws(WireFormatError) in
            var inner: ArraySlice<UInt8>?
            var reader = WireReader(bytes)
            while let field = try reader.next() {
                if field.number == 1 { inner.merge(bytes[try field.range()]) }
            }
            return try RangeAnswer.decode(inner ?? [])
        }
    }

    /// Reads an answer. The header is `nil` where the server sent none, which no etcd does.
    ///
    /// - Throws: ``WireMessageError`` if the bytes are no RangeResponse.
    /// - Complexity: linear in the bytes; a canonical pair is copied once.
    public static func decodeAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: RangeAnswer) {
        try reading("etcdserverpb.RangeResponse", bytes, RangeAnswer.decode)
    }
}

extension RangeRequest {
    init(unpacked message: Etcdserverpb__RangeRequest) throws(WireMessageError) {
        let range = KeyRange(key: message.key.bytes, rangeEnd: message.range_end.bytes)
        self.init(range)
        limit = message.limit
        revision = Revision(message.revision)
        serializable = message.serializable != 0
        keysOnly = message.keys_only != 0
        countOnly = message.count_only != 0
        minimumModRevision = Revision(message.min_mod_revision)
        maximumModRevision = Revision(message.max_mod_revision)
        minimumCreateRevision = Revision(message.min_create_revision)
        maximumCreateRevision = Revision(message.max_create_revision)
        // etcd looks at the key first: a request without one is refused for that, whatever its order.
        if range.lower.isEmpty { return }
        guard let order = SortOrder(rawValue: Int32(truncatingIfNeeded: message.sort_order.rawValue)),
            let target = SortTarget(rawValue: Int32(truncatingIfNeeded: message.sort_target.rawValue))
        else {
            throw WireMessageError(
                .invalidSortOption,
                """
                etcdserverpb.RangeRequest: sort order \(Int32(truncatingIfNeeded: message.sort_order.rawValue)) by \
                target \(Int32(truncatingIfNeeded: message.sort_target.rawValue)) is not known
                """
            )
        }
        sortOrder = order
        sortTarget = target
    }

    var encoded: [UInt8] {
        var writer = WireWriter(capacity: range.lower.bytes.count * 2 + 32)
        writer.bytes(1, range.wireKey)
        writer.bytes(2, range.wireRangeEnd)
        writer.number(3, limit)
        writer.number(4, revision)
        writer.number(5, Int64(sortOrder.rawValue))
        writer.number(6, Int64(sortTarget.rawValue))
        writer.flag(7, serializable)
        writer.flag(8, keysOnly)
        writer.flag(9, countOnly)
        writer.number(10, minimumModRevision)
        writer.number(11, maximumModRevision)
        writer.number(12, minimumCreateRevision)
        writer.number(13, maximumCreateRevision)
        return writer.encoded
    }
}

extension RangeAnswer {
    func encoded(_ header: ResponseHeader) -> [UInt8] {
        var writer = WireWriter(capacity: pairs.reduce(64) { $0 + WireWriter.size(of: $1) })
        writer.header(1, header)
        for pair in pairs { writer.message(2, pair.encoded) }
        writeTail(to: &writer)
        return writer.encoded
    }

    /// What comes before the pairs.
    fileprivate func encodedHead(_ header: ResponseHeader) -> [UInt8] {
        writingAnswer(header)
    }

    /// What comes behind the pairs.
    fileprivate var encodedTail: [UInt8] {
        var writer = WireWriter()
        writeTail(to: &writer)
        return writer.encoded
    }

    private func writeTail(to writer: inout WireWriter) {
        writer.flag(3, more)
        writer.number(4, count)
    }

    static func decode(
        _ bytes: ArraySlice<UInt8>
    ) throws(WireFormatError) -> (header: ResponseHeader?, answer: RangeAnswer) {
        var header: ResponseHeader?
        var answer = RangeAnswer(pairs: [], more: false, count: 0, revision: .none)
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: header = try ResponseHeader(decoding: bytes[try field.range()], merging: header)
            case 2: answer.pairs.append(try KeyValue(decoding: bytes[try field.range()]))
            case 3: answer.more = try field.flag()
            case 4: answer.count = try field.number()
            default: continue
            }
        }
        answer.revision = header?.revision ?? .none
        return (header, answer)
    }
}
