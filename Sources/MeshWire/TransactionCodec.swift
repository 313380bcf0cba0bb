internal import CProtos
public import MeshCore

/// A request to forget history below a revision.
public struct CompactionRequest: Hashable, Sendable {
    /// The first revision that can still be read afterwards.
    public var revision: Revision

    /// Whether the answer waits until the history is gone from the disk.
    public var physical: Bool

    /// Forgets what is below `revision`.
    public init(_ revision: Revision, physical: Bool = false) {
        self.revision = revision
        self.physical = physical
    }
}

/// The writing messages of `etcdserverpb`: `PutRequest`, `DeleteRangeRequest`, `TxnRequest`, `CompactionRequest` and
/// their answers as bytes.
///
/// Empty keys are let through when read: whoever performs the request answers them with
/// ``MeshCore/EtcdError/emptyKey``. All reading functions throw ``WireMessageError``.
public enum TransactionCodec {
    // MARK: Put

    /// Reads a write of one pair.
    public static func decodePutRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> PutRequest {
        try Etcdserverpb__PutRequest.unpack(bytes, limits: limits, PutRequest.init(unpacked:))
    }

    /// Writes a write of one pair.
    public static func encodeRequest(_ request: PutRequest) -> [UInt8] { request.encoded }

    /// Writes the answer to a write.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: PutAnswer) -> [UInt8] {
        answer.encoded(header)
    }

    /// Reads the answer to a write.
    public static func decodePutAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: PutAnswer) {
        try reading("etcdserverpb.PutResponse", bytes, PutAnswer.decode)
    }

    // MARK: Delete

    /// Reads a deletion.
    public static func decodeDeleteRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> DeleteRequest {
        try Etcdserverpb__DeleteRangeRequest.unpack(bytes, limits: limits, DeleteRequest.init(unpacked:))
    }

    /// Writes a deletion.
    public static func encodeRequest(_ request: DeleteRequest) -> [UInt8] { request.encoded }

    /// Writes the answer to a deletion.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: DeleteAnswer) -> [UInt8] {
        answer.encoded(header)
    }

    /// Reads the answer to a deletion.
    public static func decodeDeleteAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: DeleteAnswer) {
        try reading("etcdserverpb.DeleteRangeResponse", bytes, DeleteAnswer.decode)
    }

    // MARK: Transaction

    /// Reads a transaction.
    ///
    /// A step without an operation is refused as etcd refuses it (`etcdserver: key not found`). A comparison of an
    /// unknown kind is refused too, where etcd takes it as holding: a condition that nobody understands must not hold.
    public static func decodeTransactionRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> TransactionRequest {
        try Etcdserverpb__TxnRequest.unpack(bytes, limits: limits, TransactionRequest.init(unpacked:))
    }

    /// Writes a transaction.
    public static func encodeRequest(_ request: TransactionRequest) -> [UInt8] { request.encoded }

    /// Writes the answer to a transaction; the answers inside have a header with nothing but their revision.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: TransactionAnswer) -> [UInt8] {
        answer.encoded(header)
    }

    /// Reads the answer to a transaction; answers deeper in each other than `maximumDepth` transactions are refused.
    public static func decodeTransactionAnswer(
        _ bytes: [UInt8],
        maximumDepth: Int = 32
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: TransactionAnswer) {
        try reading("etcdserverpb.TxnResponse", bytes) { (bytes) throws(WireFormatError) in
            try TransactionAnswer.decode(bytes, depth: maximumDepth)
        }
    }

    // MARK: Compaction

    /// Reads a compaction.
    public static func decodeCompactionRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> CompactionRequest {
        try Etcdserverpb__CompactionRequest.unpack(bytes, limits: limits) { message in
            CompactionRequest(Revision(message.revision), physical: message.physical != 0)
        }
    }

    /// Writes a compaction.
    public static func encodeRequest(_ request: CompactionRequest) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, request.revision)
        writer.flag(2, request.physical)
        return writer.encoded
    }

    /// Writes the answer to a compaction.
    public static func encodeCompactionAnswer(_ header: ResponseHeader) -> [UInt8] {
        writingAnswer(header)
    }

    /// Reads the answer to a compaction; the header is `nil` where the server sent none, which no etcd does.
    public static func decodeCompactionAnswer(_ bytes: [UInt8]) throws(WireMessageError) -> ResponseHeader? {
        try readingHeader("etcdserverpb.CompactionResponse", bytes)
    }
}
