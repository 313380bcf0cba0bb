internal import CProtos
public import MeshCore

/// `etcdserverpb.LeaseTimeToLiveRequest`: asks what is left of a lease.
public struct LeaseTimeToLiveRequest: Hashable, Sendable {
    /// The lease.
    public var id: LeaseID
    /// Whether the keys attached to it are wanted, too.
    public var keys: Bool

    /// Asks about a lease.
    public init(_ id: LeaseID, keys: Bool = false) {
        self.id = id
        self.keys = keys
    }
}

/// The messages of etcd's `Lease` service as bytes.
///
/// All reading functions throw ``WireMessageError`` if the bytes break a limit or are not the message. A header is
/// `nil` where the server sent none, which no etcd does.
public enum LeaseCodec {
    // MARK: Grant

    /// Reads a wish for a lease.
    public static func decodeGrantRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> LeaseGrantRequest {
        try Etcdserverpb__LeaseGrantRequest.unpack(bytes, limits: limits) { message in
            LeaseGrantRequest(ttl: message.ttl, id: LeaseID(message.id))
        }
    }

    /// Writes a wish for a lease.
    public static func encodeRequest(_ request: LeaseGrantRequest) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, request.ttl)
        writer.number(2, request.id.rawValue)
        return writer.encoded
    }

    /// Writes the answer to a wish for a lease.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: LeaseGrantAnswer) -> [UInt8] {
        writingAnswer(header) { writer in
            writer.number(2, answer.id.rawValue)
            writer.number(3, answer.ttl)
        }
    }

    /// Reads the answer to a wish for a lease. Its `error` field, which no etcd fills, is passed over.
    public static func decodeGrantAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: LeaseGrantAnswer) {
        try readingAnswer(
            "etcdserverpb.LeaseGrantResponse",
            bytes,
            LeaseGrantAnswer(revision: .none, id: .none, ttl: 0),
            revision: \.revision
        ) { (answer, field) throws(WireFormatError) in
            switch field.number {
            case 2: answer.id = LeaseID(try field.number())
            case 3: answer.ttl = try field.number()
            default: return
            }
        }
    }

    // MARK: Revoke

    /// Reads which lease to revoke.
    public static func decodeRevokeRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> LeaseID {
        try Etcdserverpb__LeaseRevokeRequest.unpack(bytes, limits: limits) { LeaseID($0.id) }
    }

    /// Writes which lease to revoke.
    public static func encodeRevokeRequest(_ id: LeaseID) -> [UInt8] { encoded(id) }

    /// Writes the answer to a revocation.
    public static func encodeRevokeAnswer(_ header: ResponseHeader) -> [UInt8] { writingAnswer(header) }

    /// Reads the answer to a revocation.
    public static func decodeRevokeAnswer(_ bytes: [UInt8]) throws(WireMessageError) -> ResponseHeader? {
        try readingHeader("etcdserverpb.LeaseRevokeResponse", bytes)
    }

    // MARK: Keep alive

    /// Reads which lease to keep alive.
    public static func decodeKeepAliveRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> LeaseID {
        try Etcdserverpb__LeaseKeepAliveRequest.unpack(bytes, limits: limits) { LeaseID($0.id) }
    }

    /// Writes which lease to keep alive.
    public static func encodeKeepAliveRequest(_ id: LeaseID) -> [UInt8] { encoded(id) }

    /// Writes how long a lease lives now.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: LeaseKeepAliveAnswer) -> [UInt8] {
        writingAnswer(header) { writer in
            writer.number(2, answer.id.rawValue)
            writer.number(3, answer.ttl)
        }
    }

    /// Reads how long a lease lives now.
    public static func decodeKeepAliveAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: LeaseKeepAliveAnswer) {
        try readingAnswer(
            "etcdserverpb.LeaseKeepAliveResponse",
            bytes,
            LeaseKeepAliveAnswer(revision: .none, id: .none, ttl: 0),
            revision: \.revision
        ) { (answer, field) throws(WireFormatError) in
            switch field.number {
            case 2: answer.id = LeaseID(try field.number())
            case 3: answer.ttl = try field.number()
            default: return
            }
        }
    }

    // MARK: Time to live

    /// Reads a question about a lease.
    public static func decodeTimeToLiveRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> LeaseTimeToLiveRequest {
        try Etcdserverpb__LeaseTimeToLiveRequest.unpack(bytes, limits: limits) { message in
            LeaseTimeToLiveRequest(LeaseID(message.id), keys: message.keys != 0)
        }
    }

    /// Writes a question about a lease.
    public static func encodeRequest(_ request: LeaseTimeToLiveRequest) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, request.id.rawValue)
        writer.flag(2, request.keys)
        return writer.encoded
    }

    /// Writes what is left of a lease.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: LeaseTimeToLiveAnswer) -> [UInt8] {
        writingAnswer(header) { writer in
            writer.number(2, answer.id.rawValue)
            writer.number(3, answer.ttl)
            writer.number(4, answer.grantedTTL)
            for key in answer.keys { writer.message(5, key.bytes) }
        }
    }

    /// Reads what is left of a lease.
    public static func decodeTimeToLiveAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: LeaseTimeToLiveAnswer) {
        try readingAnswer(
            "etcdserverpb.LeaseTimeToLiveResponse",
            bytes,
            LeaseTimeToLiveAnswer(revision: .none, id: .none, ttl: 0),
            revision: \.revision
        ) { (answer, field) throws(WireFormatError) in
            switch field.number {
            case 2: answer.id = LeaseID(try field.number())
            case 3: answer.ttl = try field.number()
            case 4: answer.grantedTTL = try field.number()
            case 5: answer.keys.append(Key(bytes[try field.range()]))
            default: return
            }
        }
    }

    // MARK: List

    /// Reads a request for the leases, which has no fields.
    public static func decodeListRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) {
        try Etcdserverpb__LeaseLeasesRequest.unpack(bytes, limits: limits) { _ in }
    }

    /// Writes which leases there are.
    public static func encodeAnswer(_ header: ResponseHeader, _ answer: LeaseListAnswer) -> [UInt8] {
        writingAnswer(header) { writer in
            for lease in answer.leases { writer.message(2, encoded(lease)) }
        }
    }

    /// Reads which leases there are.
    public static func decodeListAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: LeaseListAnswer) {
        try readingAnswer(
            "etcdserverpb.LeaseLeasesResponse",
            bytes,
            LeaseListAnswer(revision: .none, leases: []),
            revision: \.revision
        ) { (answer, field) throws(WireFormatError) in
            guard field.number == 2 else { return }
            var lease = LeaseID.none
            var reader = WireReader(bytes[try field.range()])
            while let field = try reader.next() {
                if field.number == 1 { lease = LeaseID(try field.number()) }
            }
            answer.leases.append(lease)
        }
    }

    /// A message whose only field is a lease.
    private static func encoded(_ id: LeaseID) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, id.rawValue)
        return writer.encoded
    }
}
