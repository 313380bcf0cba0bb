internal import CProtos
public import MeshCore

/// A member of a cluster, as `etcdserverpb.Member` tells it.
public struct ClusterMember: Hashable, Sendable {
    /// The member's number.
    public var id: UInt64
    /// Its name; empty while it has not started.
    public var name: String
    /// Where other members reach it.
    public var peerURLs: [String]
    /// Where clients reach it; they dial these.
    public var clientURLs: [String]
    /// Whether it has no vote yet.
    public var isLearner: Bool

    /// Describes a member.
    public init(
        id: UInt64,
        name: String,
        peerURLs: [String] = [],
        clientURLs: [String] = [],
        isLearner: Bool = false
    ) {
        self.id = id
        self.name = name
        self.peerURLs = peerURLs
        self.clientURLs = clientURLs
        self.isLearner = isLearner
    }
}

/// `etcdserverpb.MemberListRequest` and `MemberListResponse` as bytes.
///
/// All reading functions throw ``WireMessageError`` if the bytes break a limit or are not the message.
public enum ClusterCodec {
    /// Reads a request for the members: whether the answer must be the cluster's own, and not what one member knows.
    public static func decodeMemberListRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> Bool {
        try Etcdserverpb__MemberListRequest.unpack(bytes, limits: limits) { $0.linearizable != 0 }
    }

    /// Writes a request for the members.
    public static func encodeMemberListRequest(linearizable: Bool) -> [UInt8] {
        var writer = WireWriter()
        writer.flag(1, linearizable)
        return writer.encoded
    }

    /// Writes the members.
    public static func encodeAnswer(_ header: ResponseHeader, _ members: [ClusterMember]) -> [UInt8] {
        writingAnswer(header) { writer in
            for member in members { writer.message(2, member.encoded) }
        }
    }

    /// Reads the members.
    public static func decodeMemberListAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: [ClusterMember]) {
        try readingAnswer("etcdserverpb.MemberListResponse", bytes, [ClusterMember]()) {
            (members, field) throws(WireFormatError) in
            guard field.number == 2 else { return }
            members.append(try ClusterMember(decoding: try field.range(), of: bytes))
        }
    }
}

extension ClusterMember {
    fileprivate var encoded: [UInt8] {
        var writer = WireWriter()
        writer.number(1, id)
        writer.text(2, name)
        for url in peerURLs { writer.message(3, Array(url.utf8)) }
        for url in clientURLs { writer.message(4, Array(url.utf8)) }
        writer.flag(5, isLearner)
        return writer.encoded
    }

    fileprivate init(decoding range: Range<Int>, of bytes: [UInt8]) throws(WireFormatError) {
        self.init(id: 0, name: "")
        var reader = WireReader(bytes[range])
        while let field = try reader.next() {
            switch field.number {
            case 1: id = try field.unsigned()
            case 2: name = try field.text(in: bytes)
            case 3: peerURLs.append(try field.text(in: bytes))
            case 4: clientURLs.append(try field.text(in: bytes))
            case 5: isLearner = try field.flag()
            default: continue
            }
        }
    }
}
