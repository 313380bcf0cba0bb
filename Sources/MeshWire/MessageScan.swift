internal import MeshCore

/// Checks a received message against ``MessageLimits`` and protobuf's encoding before it is unpacked.
///
/// The scan follows the generated descriptors, so it enters exactly the fields that protobuf-c would unpack as
/// messages, and passes over text, bytes and unknown fields as a whole. It reads each byte at most once and keeps one
/// small entry per open message: its time is linear in the bytes, its memory in the depth.
///
/// Example: a TxnRequest with one nested TxnRequest, `12 04 22 02 12 00`:
///
///     12 04        field 2, success: enter a RequestOp that ends 4 bytes later   depth 2
///       22 02      field 4, request_txn: enter a TxnRequest                      depth 3
///         12 00    field 2, success: enter and leave an empty RequestOp          depth 4
enum MessageScan {
    /// A message whose fields are being read.
    private struct Open {
        var shape: MessageShape
        var end: Int
    }

    static func check(
        _ bytes: Span<UInt8>,
        as shape: MessageShape,
        limits: MessageLimits
    ) throws(WireMessageError) {
        guard bytes.count <= limits.maximumBytes else {
            throw WireMessageError(
                .tooLarge,
                "\(shape.name) of \(bytes.count) bytes; at most \(limits.maximumBytes) are taken"
            )
        }
        func malformed(_ what: String) -> WireMessageError { WireMessageError(.malformed, "\(shape.name): \(what)") }

        var open = [Open(shape: shape, end: bytes.count)]
        var position = 0
        var fields = 0
        while let current = open.last {
            guard position < current.end else {
                open.removeLast()
                continue
            }
            fields += 1
            guard fields <= limits.maximumFields else {
                throw WireMessageError(
                    .tooManyFields,
                    "\(shape.name) with more than \(limits.maximumFields) fields is not taken"
                )
            }
            guard let tag = Varint.read(bytes, &position), position <= current.end else {
                throw malformed("a tag is cut off")
            }
            let number = tag >> 3
            guard number != 0, number < 1 << 29 else { throw malformed("field number \(number) is out of range") }
            switch tag & 7 {
            case 0:
                guard Varint.read(bytes, &position) != nil, position <= current.end else {
                    throw malformed("a number is cut off")
                }
            case 1, 5:
                position += tag & 7 == 1 ? 8 : 4
                guard position <= current.end else { throw malformed("a fixed-size number is cut off") }
            case 2:
                guard let count = Varint.read(bytes, &position), position <= current.end,
                    count <= UInt64(current.end - position)
                else { throw malformed("a field is longer than its message") }
                let end = position + Int(count)
                guard let inner = current.shape.message(at: UInt32(number)) else {
                    position = end
                    continue
                }
                guard open.count < limits.maximumDepth else {
                    throw WireMessageError(
                        .tooDeep,
                        "\(shape.name) with messages more than \(limits.maximumDepth) deep is not taken"
                    )
                }
                open.append(Open(shape: inner, end: end))
            default:
                throw malformed("wire type \(tag & 7) is not known")
            }
        }
    }
}
