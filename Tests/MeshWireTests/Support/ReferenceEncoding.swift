import CProtos
import MeshCore

// What protobuf-c makes of the same message: the judge of our own writing and reading.

/// A structure that protoc-c generated.
protocol ReferenceMessage {
    init()
    var base: ProtobufCMessage { get }
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { get }
}

/// Bytes that protobuf-c does not take.
struct ReferenceError: Error {}

extension ReferenceMessage {
    /// Unpacks `bytes` by protobuf-c; `body` must not keep what the structure points to.
    static func unpack<Value>(_ bytes: [UInt8], _ body: (Self) throws -> Value) throws -> Value {
        var empty = Self()
        initialize(&empty)
        guard let unpacked = protobuf_c_message_unpack(empty.base.descriptor, nil, bytes.count, bytes) else {
            throw ReferenceError()
        }
        defer { protobuf_c_message_free_unpacked(unpacked, nil) }
        return try body(UnsafeRawPointer(unpacked).assumingMemoryBound(to: Self.self).pointee)
    }

    /// Unpacks `bytes` and packs the result: the canonical encoding, if no field was unknown.
    static func repack(_ bytes: [UInt8]) throws -> [UInt8] {
        try unpack(bytes) { message in
            guard message.base.n_unknown_fields == 0 else { throw ReferenceError() }
            return message.packed()
        }
    }

    /// The encoding of the structure by protobuf-c.
    func packed() -> [UInt8] {
        withUnsafePointer(to: self) { pointer in
            let message = UnsafeRawPointer(pointer).assumingMemoryBound(to: ProtobufCMessage.self)
            let size = protobuf_c_message_get_packed_size(message)
            return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = protobuf_c_message_pack(message, buffer.baseAddress)
            }
        }
    }
}

extension ProtobufCBinaryData {
    var array: [UInt8] { Array(UnsafeBufferPointer(start: data, count: len)) }
}

func array<Message>(
    _ count: Int,
    _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
) -> [Message] {
    UnsafeBufferPointer(start: messages, count: count).compactMap { $0?.pointee }
}

extension KeyValue {
    /// The pair that protobuf-c read, field by field.
    init(_ reference: Mvccpb__KeyValue) {
        self.init(
            key: Key(reference.key.array),
            createRevision: Revision(reference.create_revision),
            modRevision: Revision(reference.mod_revision),
            version: reference.version,
            value: reference.value.array,
            lease: LeaseID(reference.lease)
        )
    }

    /// The pair as protobuf-c packs it.
    var packedByReference: [UInt8] {
        var key = Array(keyBytes)
        var value = Array(value)
        return key.withUnsafeMutableBufferPointer { key in
            value.withUnsafeMutableBufferPointer { value in
                var message = Mvccpb__KeyValue()
                mvccpb__key_value__init(&message)
                message.key = ProtobufCBinaryData(len: key.count, data: key.baseAddress)
                message.value = ProtobufCBinaryData(len: value.count, data: value.baseAddress)
                message.create_revision = createRevision.rawValue
                message.mod_revision = modRevision.rawValue
                message.version = version
                message.lease = lease.rawValue
                return message.packed()
            }
        }
    }
}

extension ResponseHeader {
    /// The header that protobuf-c read, field by field.
    init(_ reference: Etcdserverpb__ResponseHeader) {
        self.init(
            clusterID: reference.cluster_id,
            memberID: reference.member_id,
            revision: Revision(reference.revision),
            raftTerm: reference.raft_term
        )
    }
}

extension Mvccpb__KeyValue: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { mvccpb__key_value__init($0) } }
}
extension Etcdserverpb__RangeRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__range_request__init($0) } }
}
extension Etcdserverpb__RangeResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__range_response__init($0) } }
}
extension Etcdserverpb__RangeStreamResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__range_stream_response__init($0) } }
}
extension Etcdserverpb__WatchRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__watch_request__init($0) } }
}
extension Etcdserverpb__WatchResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__watch_response__init($0) } }
}
extension Etcdserverpb__PutRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__put_request__init($0) } }
}
extension Etcdserverpb__PutResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__put_response__init($0) } }
}
extension Etcdserverpb__DeleteRangeRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__delete_range_request__init($0) } }
}
extension Etcdserverpb__DeleteRangeResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__delete_range_response__init($0) } }
}
extension Etcdserverpb__TxnRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__txn_request__init($0) } }
}
extension Etcdserverpb__TxnResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__txn_response__init($0) } }
}
extension Etcdserverpb__CompactionRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__compaction_request__init($0) } }
}
extension Etcdserverpb__CompactionResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__compaction_response__init($0) } }
}
extension Etcdserverpb__LeaseGrantRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__lease_grant_request__init($0) } }
}
extension Etcdserverpb__LeaseGrantResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__lease_grant_response__init($0) } }
}
extension Etcdserverpb__LeaseRevokeRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__lease_revoke_request__init($0) } }
}
extension Etcdserverpb__LeaseRevokeResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__lease_revoke_response__init($0) } }
}
extension Etcdserverpb__LeaseKeepAliveRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
        { etcdserverpb__lease_keep_alive_request__init($0) }
    }
}
extension Etcdserverpb__LeaseKeepAliveResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
        { etcdserverpb__lease_keep_alive_response__init($0) }
    }
}
extension Etcdserverpb__LeaseTimeToLiveRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
        { etcdserverpb__lease_time_to_live_request__init($0) }
    }
}
extension Etcdserverpb__LeaseTimeToLiveResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
        { etcdserverpb__lease_time_to_live_response__init($0) }
    }
}
extension Etcdserverpb__LeaseLeasesResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__lease_leases_response__init($0) } }
}
extension Etcdserverpb__MemberListResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__member_list_response__init($0) } }
}
extension Etcdserverpb__StatusResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__status_response__init($0) } }
}
extension Etcdserverpb__AlarmRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__alarm_request__init($0) } }
}
extension Etcdserverpb__AlarmResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__alarm_response__init($0) } }
}
extension Etcdserverpb__HashResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__hash_response__init($0) } }
}
extension Etcdserverpb__HashKVRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__hash_kvrequest__init($0) } }
}
extension Etcdserverpb__HashKVResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__hash_kvresponse__init($0) } }
}
extension Etcdserverpb__AuthStatusResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void { { etcdserverpb__auth_status_response__init($0) } }
}
extension Grpc__Health__V1__HealthCheckRequest: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
        { grpc__health__v1__health_check_request__init($0) }
    }
}
extension Grpc__Health__V1__HealthCheckResponse: ReferenceMessage {
    static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
        { grpc__health__v1__health_check_response__init($0) }
    }
}
