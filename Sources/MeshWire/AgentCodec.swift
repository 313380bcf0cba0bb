internal import CProtos
public import MeshCore

/// The methods of the agent's own service, `clustermesh.v1.Agent`.
public enum AgentMethods {
    /// Declares the initial state complete.
    public static let ready = "/clustermesh.v1.Agent/Ready"
    /// Tells how the agent is doing.
    public static let status = "/clustermesh.v1.Agent/Status"
}

/// The messages of `clustermesh.v1` as bytes. All reading functions throw ``WireMessageError``.
public enum AgentCodec {
    // MARK: Ready

    /// Writes a declaration; it says nothing but that it is one.
    public static func encodeReadyRequest() -> [UInt8] { [] }

    /// Checks a declaration.
    public static func decodeReadyRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) {
        try Clustermesh__V1__ReadyRequest.unpack(bytes, limits: limits) { _ in }
    }

    /// Writes the answer to a declaration: the store's revision once it is published.
    public static func encodeReadyAnswer(_ revision: Revision) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, revision)
        return writer.encoded
    }

    /// Reads the answer to a declaration.
    public static func decodeReadyAnswer(_ bytes: [UInt8]) throws(WireMessageError) -> Revision {
        try reading("clustermesh.v1.ReadyResponse", bytes) { (bytes) throws(WireFormatError) in
            var revision = Revision.none
            var reader = WireReader(bytes)
            while let field = try reader.next() {
                if field.number == 1 { revision = Revision(try field.number()) }
            }
            return revision
        }
    }

    // MARK: Status

    /// Writes a question for the status.
    public static func encodeStatusRequest() -> [UInt8] { [] }

    /// Checks a question for the status.
    public static func decodeStatusRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) {
        try Clustermesh__V1__StatusRequest.unpack(bytes, limits: limits) { _ in }
    }

    /// Writes a status.
    public static func encodeAnswer(_ status: AgentStatus) -> [UInt8] { status.encoded }

    /// Reads a status; bytes that are not UTF-8 come as replacement characters.
    public static func decodeStatusAnswer(_ bytes: [UInt8]) throws(WireMessageError) -> AgentStatus {
        try reading("clustermesh.v1.StatusResponse", bytes) { (bytes) throws(WireFormatError) in
            var status = AgentStatus.empty
            try status.merge(bytes)
            return status
        }
    }
}

extension Clustermesh__V1__ReadyRequest: GeneratedMessage {
    static var empty: Self {
        var message = Self()
        clustermesh__v1__ready_request__init(&message)
        return message
    }
}

extension Clustermesh__V1__StatusRequest: GeneratedMessage {
    static var empty: Self {
        var message = Self()
        clustermesh__v1__status_request__init(&message)
        return message
    }
}
