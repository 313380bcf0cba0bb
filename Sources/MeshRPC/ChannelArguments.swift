internal import CGRPC
internal import Glibc

/// Arguments of a core channel or server: names with a number, a text or a quota.
struct ChannelArguments: Hashable {
    enum Value: Hashable {
        case number(Int32)
        case text(String)
        case quota(MemoryQuota)
    }

    private(set) var values: [String: Value] = [:]

    subscript(number name: String) -> Int32? {
        get {
            guard case .number(let number)? = values[name] else { return nil }
            return number
        }
        set { values[name] = newValue.map { .number($0) } }
    }

    subscript(text name: String) -> String? {
        get {
            guard case .text(let text)? = values[name] else { return nil }
            return text
        }
        set { values[name] = newValue.map { .text($0) } }
    }

    /// What the buffers that core reads into are counted against.
    var quota: MemoryQuota? {
        get {
            guard case .quota(let quota)? = values[GRPC_ARG_RESOURCE_QUOTA] else { return nil }
            return quota
        }
        set { values[GRPC_ARG_RESOURCE_QUOTA] = newValue.map { .quota($0) } }
    }

    /// Calls `body` with the arguments as core wants them; core copies what it keeps.
    func withCoreArguments<Result>(_ body: (UnsafePointer<grpc_channel_args>) -> Result) -> Result {
        var strings: [UnsafeMutablePointer<CChar>?] = []
        func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
            let copied = strdup(text)
            strings.append(copied)
            return copied
        }
        defer { for string in strings { free(string) } }

        var arguments: [grpc_arg] = []
        for (name, value) in values {
            var argument = grpc_arg()
            argument.key = copy(name)
            switch value {
            case .number(let number):
                argument.type = GRPC_ARG_INTEGER
                argument.value.integer = number
            case .text(let text):
                argument.type = GRPC_ARG_STRING
                argument.value.string = copy(text)
            case .quota(let quota):
                argument.type = GRPC_ARG_POINTER
                argument.value.pointer.p = UnsafeMutableRawPointer(quota.pointer)
                argument.value.pointer.vtable = grpc_resource_quota_arg_vtable()
            }
            arguments.append(argument)
        }
        return arguments.withUnsafeMutableBufferPointer { buffer in
            var list = grpc_channel_args(num_args: buffer.count, args: buffer.baseAddress)
            return body(&list)
        }
    }
}

extension ChannelArguments {
    /// What servers and channels have in common.
    static func common(
        receiveWindowBytes: Int,
        maximumMessageBytes: Int,
        maximumMetadataBytes: Int,
        keepaliveTime: Duration,
        keepaliveTimeout: Duration
    ) -> ChannelArguments {
        var arguments = ChannelArguments()
        // An explicit window: left to itself, core accepts 4 MB for every stream that is not read.
        arguments[number: "grpc.http2.bdp_probe"] = 0
        arguments[number: "grpc.http2.lookahead_bytes"] = Int32(clamping: receiveWindowBytes)
        arguments[number: "grpc.max_receive_message_length"] = Int32(clamping: maximumMessageBytes)
        arguments[number: "grpc.max_metadata_size"] = Int32(clamping: maximumMetadataBytes)
        arguments[number: "grpc.keepalive_time_ms"] = CoreTime.milliseconds(keepaliveTime)
        arguments[number: "grpc.keepalive_timeout_ms"] = CoreTime.milliseconds(keepaliveTimeout)
        arguments[number: "grpc.keepalive_permit_without_calls"] = 1
        arguments[number: "grpc.http2.max_pings_without_data"] = 0
        // The uncompressed form is the only one spoken, so that a small message cannot unpack into a huge one.
        arguments[number: "grpc.compression_enabled_algorithms_bitset"] = 1
        return arguments
    }
}
