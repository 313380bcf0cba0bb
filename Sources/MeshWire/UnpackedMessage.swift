internal import CProtos
internal import MeshCore

// All calls of protobuf-c, and all pointers of this module.

/// A kind of message, by the descriptor that protoc-c generated for it.
struct MessageShape {
    fileprivate let descriptor: UnsafePointer<ProtobufCMessageDescriptor>

    /// The full name, for example `etcdserverpb.RangeRequest`.
    var name: String { String(cString: descriptor.pointee.name) }

    /// The shape of the messages in the field with this number; `nil` if the field is unknown or holds no message.
    func message(at number: UInt32) -> MessageShape? {
        guard let field = protobuf_c_message_descriptor_get_field(descriptor, number),
            field.pointee.type == PROTOBUF_C_TYPE_MESSAGE, let inner = field.pointee.descriptor
        else { return nil }
        return MessageShape(descriptor: inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self))
    }
}

/// A structure that protoc-c generated for a request.
protocol GeneratedMessage {
    /// Its fields' defaults; the descriptor hangs on them.
    static var empty: Self { get }
    /// The part that all generated structures begin with.
    var base: ProtobufCMessage { get }
}

extension GeneratedMessage {
    static var shape: MessageShape { MessageShape(descriptor: empty.base.descriptor) }

    /// Checks and unpacks `bytes`, and converts the structure to a value.
    ///
    /// The structure and everything it points to live only until `convert` returns; `convert` copies what it keeps.
    /// Memory is bounded by the limits: a constant per field and per byte.
    static func unpack<Value>(
        _ bytes: [UInt8],
        limits: MessageLimits,
        _ convert: (Self) throws(WireMessageError) -> Value
    ) throws(WireMessageError) -> Value {
        let shape = shape
        try MessageScan.check(bytes.span, as: shape, limits: limits)
        let unpacked = bytes.withUnsafeBufferPointer { buffer in
            protobuf_c_message_unpack(shape.descriptor, nil, buffer.count, buffer.baseAddress)
        }
        guard let unpacked else {
            throw WireMessageError(.malformed, "\(shape.name): a field has the wrong type")
        }
        defer { protobuf_c_message_free_unpacked(unpacked, nil) }
        return try convert(UnsafeRawPointer(unpacked).assumingMemoryBound(to: Self.self).pointee)
    }
}

extension ProtobufCBinaryData {
    /// A copy of the bytes.
    var bytes: [UInt8] { Array(UnsafeBufferPointer(start: data, count: len)) }
}

/// The text of a field; what is not UTF-8 becomes the replacement character.
func text(_ field: UnsafePointer<CChar>?) -> String {
    field.map { String(cString: $0) } ?? ""
}

/// The elements of a repeated field of messages.
func elements<Message: GeneratedMessage>(
    _ count: Int,
    _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
) -> [Message] {
    UnsafeBufferPointer(start: messages, count: count).compactMap { $0?.pointee }
}

/// The elements of a repeated field of numbers.
func elements<Number>(_ count: Int, _ numbers: UnsafeMutablePointer<Number>?) -> [Number] {
    Array(UnsafeBufferPointer(start: numbers, count: count))
}

// MARK: - The requests

private func initialized<Message>(_ message: Message, _ initialize: (UnsafeMutablePointer<Message>) -> Void) -> Message
{
    var message = message
    initialize(&message)
    return message
}

extension Etcdserverpb__RangeRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__range_request__init($0) } }
}

extension Etcdserverpb__WatchRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__watch_request__init($0) } }
}

extension Etcdserverpb__PutRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__put_request__init($0) } }
}

extension Etcdserverpb__DeleteRangeRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__delete_range_request__init($0) } }
}

extension Etcdserverpb__TxnRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__txn_request__init($0) } }
}

extension Etcdserverpb__RequestOp: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__request_op__init($0) } }
}

extension Etcdserverpb__Compare: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__compare__init($0) } }
}

extension Etcdserverpb__CompactionRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__compaction_request__init($0) } }
}

extension Etcdserverpb__LeaseGrantRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__lease_grant_request__init($0) } }
}

extension Etcdserverpb__LeaseRevokeRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__lease_revoke_request__init($0) } }
}

extension Etcdserverpb__LeaseKeepAliveRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__lease_keep_alive_request__init($0) } }
}

extension Etcdserverpb__LeaseTimeToLiveRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__lease_time_to_live_request__init($0) } }
}

extension Etcdserverpb__LeaseLeasesRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__lease_leases_request__init($0) } }
}

extension Etcdserverpb__MemberListRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__member_list_request__init($0) } }
}

extension Etcdserverpb__StatusRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__status_request__init($0) } }
}

extension Etcdserverpb__AlarmRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__alarm_request__init($0) } }
}

extension Etcdserverpb__HashRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__hash_request__init($0) } }
}

extension Etcdserverpb__HashKVRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__hash_kvrequest__init($0) } }
}

extension Etcdserverpb__AuthStatusRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { etcdserverpb__auth_status_request__init($0) } }
}

extension Grpc__Health__V1__HealthCheckRequest: GeneratedMessage {
    static var empty: Self { initialized(Self()) { grpc__health__v1__health_check_request__init($0) } }
}
