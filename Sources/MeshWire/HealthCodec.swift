internal import CProtos
internal import MeshCore

/// What gRPC's health protocol says of a service.
public struct HealthStatus: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public var rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Nothing is known.
    public static let unknown = HealthStatus(rawValue: 0)
    /// It serves.
    public static let serving = HealthStatus(rawValue: 1)
    /// It is there, but clients should go elsewhere.
    public static let notServing = HealthStatus(rawValue: 2)
    /// There is no such service; told by `Watch` only.
    public static let serviceUnknown = HealthStatus(rawValue: 3)
}

/// `grpc.health.v1.HealthCheckRequest` and `HealthCheckResponse` as bytes
/// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
public enum HealthCodec {
    /// The method that asks once.
    public static let check = "/grpc.health.v1.Health/Check"
    /// The method that tells every change.
    public static let watch = "/grpc.health.v1.Health/Watch"

    /// Reads a request: the name of the service that is asked for, empty for the server as a whole.
    ///
    /// - Throws: ``WireMessageError`` if the bytes break a limit or are not the message.
    public static func decodeRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> String {
        try Grpc__Health__V1__HealthCheckRequest.unpack(bytes, limits: limits) { text($0.service) }
    }

    /// Writes a request.
    public static func encodeRequest(service: String) -> [UInt8] {
        var writer = WireWriter()
        writer.text(1, service)
        return writer.encoded
    }

    /// Writes an answer.
    public static func encodeAnswer(_ status: HealthStatus) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, Int64(status.rawValue))
        return writer.encoded
    }

    /// Reads an answer.
    ///
    /// - Throws: ``WireMessageError`` if the bytes are not the message.
    public static func decodeAnswer(_ bytes: [UInt8]) throws(WireMessageError) -> HealthStatus {
        try reading("grpc.health.v1.HealthCheckResponse", bytes) { (bytes) throws(WireFormatError) in
            var status = HealthStatus.unknown
            var reader = WireReader(bytes)
            while let field = try reader.next() {
                guard field.number == 1 else { continue }
                status.rawValue = Int32(truncatingIfNeeded: try field.number())
            }
            return status
        }
    }
}
