internal import CGRPC

/// Where core writes what one server's stream receives, and the operations of a stream that happen again and again.
///
/// Core reads an operation while it is started, and not later: only what an operation points to must stay. One receiving
/// and one awaiting of the end are in flight at a time; in between, what they write belongs to the poller.
struct StreamPlace: ~Copyable {
    private typealias Message = UnsafeMutablePointer<grpc_byte_buffer>?

    /// One block: the received message, and behind it whether the call was cancelled.
    private let block: UnsafeMutableRawPointer
    private let message: UnsafeMutablePointer<Message>

    init() {
        block = .allocate(
            byteCount: MemoryLayout<Message>.size + MemoryLayout<Int32>.size,
            alignment: MemoryLayout<Message>.alignment
        )
        message = block.initializeMemory(as: Message.self, to: nil)
        (block + MemoryLayout<Message>.size).initializeMemory(as: Int32.self, to: 0)
    }

    deinit {
        if let message = message.pointee { grpc_byte_buffer_destroy(message) }
        block.deallocate()
    }

    private var isCancelled: UnsafeMutablePointer<Int32> {
        (block + MemoryLayout<Message>.size).assumingMemoryBound(to: Int32.self)
    }

    /// Starts to receive a message; `isFirst` sends the metadata that comes before all messages, too.
    func receive(isFirst: Bool, on call: CoreCall, _ tag: UnsafeMutableRawPointer) -> Bool {
        var receiving = grpc_op()
        receiving.op = GRPC_OP_RECV_MESSAGE
        receiving.data.recv_message.recv_message = message
        guard isFirst else { return Self.start(&receiving, on: call, tag) }
        var sending = grpc_op()
        sending.op = GRPC_OP_SEND_INITIAL_METADATA
        var both = [sending, receiving]
        return grpc_call_start_batch(call.pointer, &both, both.count, tag, nil) == GRPC_CALL_OK
    }

    /// Starts to wait for the call's end.
    func awaitEnd(of call: CoreCall, _ tag: UnsafeMutableRawPointer) -> Bool {
        var operation = grpc_op()
        operation.op = GRPC_OP_RECV_CLOSE_ON_SERVER
        operation.data.recv_close_on_server.cancelled = isCancelled
        return Self.start(&operation, on: call, tag)
    }

    /// Starts to send the message in an outbox. `moreFollows` lets core keep it until the next one comes.
    static func send(
        _ outbox: MessageOutbox,
        moreFollows: Bool,
        on call: CoreCall,
        _ tag: UnsafeMutableRawPointer
    ) -> Bool {
        var operation = grpc_op()
        operation.op = GRPC_OP_SEND_MESSAGE
        operation.flags = moreFollows ? UInt32(GRPC_WRITE_BUFFER_HINT) : 0
        operation.data.send_message.send_message = outbox.buffer
        return start(&operation, on: call, tag)
    }

    /// The message that was received; `nil` at the end of the client's messages.
    func takeMessage() -> ReceivedMessage? {
        guard let received = message.pointee else { return nil }
        message.pointee = nil
        return ReceivedMessage(received)
    }

    private static func start(
        _ operation: inout grpc_op,
        on call: CoreCall,
        _ tag: UnsafeMutableRawPointer
    ) -> Bool {
        grpc_call_start_batch(call.pointer, &operation, 1, tag, nil) == GRPC_CALL_OK
    }
}
