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
    public static func encodeAnswer(_ status: AgentStatus) -> [UInt8] {
        var writer = WireWriter()
        writer.text(1, status.cluster)
        writer.number(2, UInt64(status.clusterID))
        writer.flag(3, status.isInitialStateComplete)
        writer.number(4, status.storeID)
        writer.number(5, status.revision)
        for peer in status.peers { writer.message(6, peer.encoded) }
        return writer.encoded
    }

    /// Reads a status; bytes that are not UTF-8 come as replacement characters.
    public static func decodeStatusAnswer(_ bytes: [UInt8]) throws(WireMessageError) -> AgentStatus {
        try reading("clustermesh.v1.StatusResponse", bytes) { (bytes) throws(WireFormatError) in
            var status = AgentStatus(
                cluster: "", clusterID: 0, isInitialStateComplete: false, storeID: 0, revision: .none
            )
            var reader = WireReader(bytes)
            while let field = try reader.next() {
                switch field.number {
                case 1: status.cluster = String(decoding: bytes[try field.range()], as: UTF8.self)
                case 2: status.clusterID = UInt32(truncatingIfNeeded: try field.unsigned())
                case 3: status.isInitialStateComplete = try field.flag()
                case 4: status.storeID = try field.unsigned()
                case 5: status.revision = Revision(try field.number())
                case 6: status.peers.append(try AgentStatus.Peer(decoding: bytes[try field.range()]))
                default: continue
                }
            }
            return status
        }
    }
}

extension AgentStatus.Peer {
    fileprivate var encoded: [UInt8] {
        var writer = WireWriter()
        writer.text(1, cluster)
        writer.text(2, state)
        writer.flag(3, isCurrent)
        writer.number(4, revision)
        writer.text(5, lastError ?? "")
        return writer.encoded
    }

    fileprivate init(decoding bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        self.init(cluster: "", state: "", isCurrent: false)
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: cluster = String(decoding: bytes[try field.range()], as: UTF8.self)
            case 2: state = String(decoding: bytes[try field.range()], as: UTF8.self)
            case 3: isCurrent = try field.flag()
            case 4: revision = Revision(try field.number())
            case 5:
                let text = String(decoding: bytes[try field.range()], as: UTF8.self)
                lastError = text.isEmpty ? nil : text
            default: continue
            }
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
