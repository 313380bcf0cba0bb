import MeshCore
import MeshWire

// New ones at the end of their list: the inputs of the corpus name them by their places.

extension WireFuzzing {
    static let requests: [FuzzedCodec] = [
        FuzzedCodec("RangeRequest", { try RangeCodec.decodeRequest($0) }, RangeCodec.encodeRequest),
        FuzzedCodec("PutRequest", { try TransactionCodec.decodePutRequest($0) }) { TransactionCodec.encodeRequest($0) },
        FuzzedCodec("DeleteRangeRequest", { try TransactionCodec.decodeDeleteRequest($0) }) {
            TransactionCodec.encodeRequest($0)
        },
        FuzzedCodec("TxnRequest", { try TransactionCodec.decodeTransactionRequest($0) }) {
            TransactionCodec.encodeRequest($0)
        },
        FuzzedCodec("CompactionRequest", { try TransactionCodec.decodeCompactionRequest($0) }) {
            TransactionCodec.encodeRequest($0)
        },
        FuzzedCodec("WatchRequest", { try WatchCodec.decodeRequest($0) }) { $0.map(WatchCodec.encodeRequest) ?? [] },
        FuzzedCodec("LeaseGrantRequest", { try LeaseCodec.decodeGrantRequest($0) }) { LeaseCodec.encodeRequest($0) },
        FuzzedCodec("LeaseRevokeRequest", { try LeaseCodec.decodeRevokeRequest($0) }, LeaseCodec.encodeRevokeRequest),
        FuzzedCodec(
            "LeaseKeepAliveRequest",
            { try LeaseCodec.decodeKeepAliveRequest($0) },
            LeaseCodec.encodeKeepAliveRequest
        ),
        FuzzedCodec("LeaseTimeToLiveRequest", { try LeaseCodec.decodeTimeToLiveRequest($0) }) {
            LeaseCodec.encodeRequest($0)
        },
        FuzzedCodec("MemberListRequest", { try ClusterCodec.decodeMemberListRequest($0) }) {
            ClusterCodec.encodeMemberListRequest(linearizable: $0)
        },
        FuzzedCodec("AlarmRequest", { try MaintenanceCodec.decodeAlarmRequest($0) }) {
            MaintenanceCodec.encodeRequest($0)
        },
        FuzzedCodec("HashKVRequest", { try MaintenanceCodec.decodeHashKVRequest($0) }) {
            MaintenanceCodec.encodeHashKVRequest(at: $0)
        },
        FuzzedCodec("HealthCheckRequest", { try HealthCodec.decodeRequest($0) }) {
            HealthCodec.encodeRequest(service: $0)
        },
    ]

    static let answers: [FuzzedCodec] = [
        FuzzedCodec(answer: "RangeResponse", RangeCodec.decodeAnswer, RangeCodec.encodeAnswer),
        FuzzedCodec(answer: "PutResponse", TransactionCodec.decodePutAnswer, TransactionCodec.encodeAnswer),
        FuzzedCodec(answer: "DeleteRangeResponse", TransactionCodec.decodeDeleteAnswer, TransactionCodec.encodeAnswer),
        FuzzedCodec(answer: "TxnResponse", { try TransactionCodec.decodeTransactionAnswer($0) }) {
            TransactionCodec.encodeAnswer($0, $1)
        },
        FuzzedCodec(answer: "WatchResponse", decode, encode),
        FuzzedCodec("KeyValue", { try KeyValue(decoding: $0[...]) }) { pair in
            // Field by field, so that what is taken over as it came is held to what is written here.
            KeyValue(
                key: pair.key,
                createRevision: pair.createRevision,
                modRevision: pair.modRevision,
                version: pair.version,
                value: pair.value,
                lease: pair.lease
            ).encoded
        },
        FuzzedCodec(answer: "LeaseGrantResponse", LeaseCodec.decodeGrantAnswer, LeaseCodec.encodeAnswer),
        FuzzedCodec(answer: "LeaseKeepAliveResponse", LeaseCodec.decodeKeepAliveAnswer, LeaseCodec.encodeAnswer),
        FuzzedCodec(answer: "LeaseTimeToLiveResponse", LeaseCodec.decodeTimeToLiveAnswer, LeaseCodec.encodeAnswer),
        FuzzedCodec(answer: "LeaseLeasesResponse", LeaseCodec.decodeListAnswer, LeaseCodec.encodeAnswer),
        FuzzedCodec(answer: "MemberListResponse", ClusterCodec.decodeMemberListAnswer, ClusterCodec.encodeAnswer),
        FuzzedCodec(answer: "StatusResponse", MaintenanceCodec.decodeStatusAnswer, MaintenanceCodec.encodeAnswer),
        FuzzedCodec(answer: "AlarmResponse", MaintenanceCodec.decodeAlarmAnswer, MaintenanceCodec.encodeAnswer),
        FuzzedCodec(answer: "HashKVResponse", MaintenanceCodec.decodeHashKVAnswer, MaintenanceCodec.encodeAnswer),
        FuzzedCodec(answer: "AuthStatusResponse", AuthCodec.decodeStatusAnswer, AuthCodec.encodeAnswer),
        FuzzedCodec("HealthCheckResponse", { try HealthCodec.decodeAnswer($0) }) { HealthCodec.encodeAnswer($0) },
    ]

    private static func decode(
        _ bytes: [UInt8]
    ) throws(WireMessageError) -> (header: ResponseHeader?, answer: WatchServerMessage) {
        let message = try WatchCodec.decodeResponse(bytes)
        return (message.header, message)
    }

    private static func encode(_ header: ResponseHeader, _ message: WatchServerMessage) -> [UInt8] {
        var bytes = WatchCodec.encodeHead(
            WatchResponseHead(
                header: header,
                watchID: message.watchID,
                created: message.created,
                canceled: message.canceled,
                compactRevision: message.compactRevision,
                cancelReason: message.cancelReason,
                fragment: message.fragment
            )
        )
        for event in message.events { WatchCodec.appendEvent(event, to: &bytes) }
        return bytes
    }
}
