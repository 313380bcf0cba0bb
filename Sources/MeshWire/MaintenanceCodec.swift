internal import CProtos
public import MeshCore

/// The reading messages of etcd's `Maintenance` service as bytes: Status, Alarm, Hash and HashKV.
///
/// All reading functions throw ``WireMessageError`` if the bytes break a limit or are not the message.
public enum MaintenanceCodec {
    // MARK: Status

    /// Reads a request for the status, which has no fields.
    public static func decodeStatusRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) {
        try Etcdserverpb__StatusRequest.unpack(bytes, limits: limits) { _ in }
    }

    /// Writes a status.
    public static func encodeAnswer(_ header: ResponseHeader, _ status: MemberStatus) -> [UInt8] {
        writingAnswer(header) { writer in
            writer.text(2, status.version)
            writer.number(3, status.databaseSize)
            writer.number(4, status.leader)
            writer.number(5, status.raftIndex)
            writer.number(6, status.raftTerm)
            writer.number(7, status.raftAppliedIndex)
            for error in status.errors { writer.message(8, Array(error.utf8)) }
            writer.number(9, status.databaseSizeInUse)
            writer.flag(10, status.isLearner)
        }
    }

    /// Reads a status.
    public static func decodeStatusAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: MemberStatus) {
        try readingAnswer("etcdserverpb.StatusResponse", bytes, MemberStatus(version: "")) {
            (status, field) throws(WireFormatError) in
            switch field.number {
            case 2: status.version = try field.text(in: bytes)
            case 3: status.databaseSize = try field.number()
            case 4: status.leader = try field.unsigned()
            case 5: status.raftIndex = try field.unsigned()
            case 6: status.raftTerm = try field.unsigned()
            case 7: status.raftAppliedIndex = try field.unsigned()
            case 8: status.errors.append(try field.text(in: bytes))
            case 9: status.databaseSizeInUse = try field.number()
            case 10: status.isLearner = try field.flag()
            default: return
            }
        }
    }

    // MARK: Alarm

    /// Reads a request about alarms.
    public static func decodeAlarmRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> AlarmRequest {
        try Etcdserverpb__AlarmRequest.unpack(bytes, limits: limits) { message in
            AlarmRequest(
                AlarmRequest.Action(rawValue: Int32(truncatingIfNeeded: message.action.rawValue)),
                Alarm(
                    memberID: message.memberid,
                    kind: Alarm.Kind(rawValue: Int32(truncatingIfNeeded: message.alarm.rawValue))
                )
            )
        }
    }

    /// Writes a request about alarms.
    public static func encodeRequest(_ request: AlarmRequest) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, Int64(request.action.rawValue))
        writer.number(2, request.alarm.memberID)
        writer.number(3, Int64(request.alarm.kind.rawValue))
        return writer.encoded
    }

    /// Writes which alarms there are.
    public static func encodeAnswer(_ header: ResponseHeader, _ alarms: [Alarm]) -> [UInt8] {
        writingAnswer(header) { writer in
            for alarm in alarms {
                var member = WireWriter()
                member.number(1, alarm.memberID)
                member.number(2, Int64(alarm.kind.rawValue))
                writer.message(2, member.encoded)
            }
        }
    }

    /// Reads which alarms there are.
    public static func decodeAlarmAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: [Alarm]) {
        try readingAnswer("etcdserverpb.AlarmResponse", bytes, [Alarm]()) { (alarms, field) throws(WireFormatError) in
            guard field.number == 2 else { return }
            var alarm = Alarm()
            var reader = WireReader(bytes[try field.range()])
            while let field = try reader.next() {
                switch field.number {
                case 1: alarm.memberID = try field.unsigned()
                case 2: alarm.kind = Alarm.Kind(rawValue: Int32(truncatingIfNeeded: try field.number()))
                default: continue
                }
            }
            alarms.append(alarm)
        }
    }

    // MARK: Hash

    /// Reads a request for the hash of the whole database, which has no fields.
    public static func decodeHashRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) {
        try Etcdserverpb__HashRequest.unpack(bytes, limits: limits) { _ in }
    }

    /// Writes the hash of the whole database.
    public static func encodeAnswer(_ header: ResponseHeader, hash: UInt32) -> [UInt8] {
        writingAnswer(header) { $0.number(2, UInt64(hash)) }
    }

    /// Reads the hash of the whole database.
    public static func decodeHashAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: UInt32) {
        try readingAnswer("etcdserverpb.HashResponse", bytes, 0) { (hash, field) throws(WireFormatError) in
            if field.number == 2 { hash = UInt32(truncatingIfNeeded: try field.unsigned()) }
        }
    }

    /// Reads a request for the hash of the pairs at a revision; ``MeshCore/Revision/none`` is now.
    public static func decodeHashKVRequest(
        _ bytes: [UInt8],
        limits: MessageLimits = MessageLimits()
    ) throws(WireMessageError) -> Revision {
        try Etcdserverpb__HashKVRequest.unpack(bytes, limits: limits) { Revision($0.revision) }
    }

    /// Writes a request for the hash of the pairs at a revision.
    public static func encodeHashKVRequest(at revision: Revision) -> [UInt8] {
        var writer = WireWriter()
        writer.number(1, revision)
        return writer.encoded
    }

    /// Writes the hash of the pairs at a revision.
    public static func encodeAnswer(_ header: ResponseHeader, _ hash: StoreHash) -> [UInt8] {
        writingAnswer(header) { writer in
            writer.number(2, UInt64(hash.hash))
            writer.number(3, hash.compactRevision)
            writer.number(4, hash.hashRevision)
        }
    }

    /// Reads the hash of the pairs at a revision.
    public static func decodeHashKVAnswer(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: StoreHash) {
        try readingAnswer(
            "etcdserverpb.HashKVResponse",
            bytes,
            StoreHash(revision: .none, hash: 0, compactRevision: .none, hashRevision: .none),
            revision: \.revision
        ) { (answer, field) throws(WireFormatError) in
            switch field.number {
            case 2: answer.hash = UInt32(truncatingIfNeeded: try field.unsigned())
            case 3: answer.compactRevision = Revision(try field.number())
            case 4: answer.hashRevision = Revision(try field.number())
            default: return
            }
        }
    }
}
