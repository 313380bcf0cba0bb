internal import CProtos
public import MeshCore

/// Whether an etcd has users, as `etcdserverpb.AuthStatusResponse` tells it.
public struct AuthStatus: Hashable, Sendable {
    /// Whether clients must say who they are.
    public var isEnabled: Bool
    /// How often users and roles were changed.
    public var revision: UInt64

    /// Makes a status; without words, that of a store without users.
    public init(isEnabled: Bool = false, revision: UInt64 = 0) {
        self.isEnabled = isEnabled
        self.revision = revision
    }
}

/// `etcdserverpb.AuthStatusRequest` and `AuthStatusResponse` as bytes.
///
/// All reading functions throw ``WireMessageError`` if the bytes break a limit or are not the message.
public enum AuthCodec {
    /// Reads a request for the status, which has no fields.
    public static func decodeStatusRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) {
        try Etcdserverpb__AuthStatusRequest.unpack(bytes, limits: limits) { _ in }
    }

    /// Writes a status.
    public static func encodeAnswer(_ header: ResponseHeader, _ status: AuthStatus) -> [UInt8] {
        writingAnswer(header) { writer in
            writer.flag(2, status.isEnabled)
            writer.number(3, status.revision)
        }
    }

    /// Reads a status.
    public static func decodeStatusAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: AuthStatus) {
        try readingAnswer("etcdserverpb.AuthStatusResponse", bytes, AuthStatus()) {
            (status, field) throws(WireFormatError) in
            switch field.number {
            case 2: status.isEnabled = try field.flag()
            case 3: status.revision = try field.unsigned()
            default: return
            }
        }
    }
}
