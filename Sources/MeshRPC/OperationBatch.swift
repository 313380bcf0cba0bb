internal import CGRPC
internal import MeshCore

/// What a batch was started for; its owner tells its batches apart by it.
enum BatchPurpose {
    /// The metadata before the first message, sent or received.
    case initialMetadata
    /// One message, sent.
    case send
    /// The end of the own messages, sent by a client.
    case finishSending
    /// One message, received.
    case receive
    /// The status, sent by a server.
    case status
    /// The end of the call, as its side learns it: the status, or that the client is done or gone.
    case end
    /// A client's whole unary call.
    case unary
}

/// Who is told that a batch is complete, on a poller.
protocol BatchOwner: AnyObject, Sendable {
    func completed(_ batch: OperationBatch, success: Bool)
}

/// Some operations on one call that core performs and reports together.
///
/// Everything core reads or writes while the batch is in flight lies in blocks of this object's own: never in a Swift
/// property. A batch can be used again after its completion, for the same purpose.
///
/// `@unchecked Sendable` as ``CompletionTag``: one thread prepares it, core has it, one poller takes it back.
final class OperationBatch: CompletionTag, @unchecked Sendable {
    /// The most operations of one batch: a client's unary call has that many.
    static let maximumOperations = 6

    /// Where core writes what it received.
    private struct Results {
        var message: UnsafeMutablePointer<grpc_byte_buffer>?
        var initialMetadata = grpc_metadata_array()
        var trailingMetadata = grpc_metadata_array()
        var status = GRPC_STATUS_OK
        var statusDetails = grpc_slice()
        var isCancelled: Int32 = 0
    }

    let purpose: BatchPurpose
    /// One block: the results, and the operations behind them.
    private let block: UnsafeMutableRawPointer
    private let capacity: Int
    private var count = 0
    private var sentMessage: UnsafeMutablePointer<grpc_byte_buffer>?
    private var sentMetadata: [UnsafeMutableBufferPointer<grpc_metadata>] = []
    private var sentDetails: UnsafeMutablePointer<grpc_slice>?
    /// Set while the batch is in flight, so that an idle batch keeps nothing alive.
    private var call: CoreCall?
    private var owner: (any BatchOwner)?

    /// Makes an empty batch.
    init(_ purpose: BatchPurpose, capacity: Int = 1) {
        precondition(capacity <= Self.maximumOperations)
        self.purpose = purpose
        self.capacity = capacity
        block = .allocate(
            byteCount: MemoryLayout<Results>.stride + capacity * MemoryLayout<grpc_op>.stride,
            alignment: max(MemoryLayout<Results>.alignment, MemoryLayout<grpc_op>.alignment)
        )
        block.initializeMemory(as: Results.self, to: Results())
    }

    private var results: UnsafeMutablePointer<Results> { block.assumingMemoryBound(to: Results.self) }

    private var operations: UnsafeMutablePointer<grpc_op> {
        (block + MemoryLayout<Results>.stride).assumingMemoryBound(to: grpc_op.self)
    }

    deinit {
        releaseSent()
        if let message = results.pointee.message { grpc_byte_buffer_destroy(message) }
        grpc_metadata_array_destroy(&results.pointee.initialMetadata)
        grpc_metadata_array_destroy(&results.pointee.trailingMetadata)
        grpc_slice_unref(results.pointee.statusDetails)
        block.deallocate()
    }

    private func releaseSent() {
        if let sentMessage { grpc_byte_buffer_destroy(sentMessage) }
        sentMessage = nil
        for metadata in sentMetadata {
            for entry in metadata {
                grpc_slice_unref(entry.key)
                grpc_slice_unref(entry.value)
            }
            metadata.deallocate()
        }
        sentMetadata = []
        if let sentDetails {
            grpc_slice_unref(sentDetails.pointee)
            sentDetails.deallocate()
        }
        sentDetails = nil
    }

    /// Starts the operations that were added. Returns `false`, and tells the owner nothing, if core refuses them.
    func start(on call: CoreCall, for owner: any BatchOwner) -> Bool {
        self.call = call
        self.owner = owner
        let (pointer, operations, count) = (call.pointer, operations, count)
        // From here on the batch belongs to the poller: nothing of it is read before the start, nor after.
        let tag = lend()
        let error = grpc_call_start_batch(pointer, operations, count, tag, nil)
        if error == GRPC_CALL_OK { return true }
        _ = CompletionTag.takeBack(tag)
        finish()
        return false
    }

    override func completed(_ number: Int, success: Bool) {
        guard let owner = finish() else { return }
        owner.completed(self, success: success)
    }

    @discardableResult
    private func finish() -> (any BatchOwner)? {
        let owner = self.owner
        count = 0
        releaseSent()
        self.owner = nil
        call = nil
        return owner
    }
}

// MARK: - Operations

extension OperationBatch {
    private func add(_ type: grpc_op_type, flags: UInt32 = 0, _ fill: (inout grpc_op) -> Void) {
        precondition(count < capacity, "a batch for \(capacity) operations got one more")
        var operation = grpc_op()
        operation.op = type
        operation.flags = flags
        fill(&operation)
        operations.advanced(by: count).initialize(to: operation)
        count += 1
    }

    private func keep(_ metadata: RPCMetadata) -> UnsafeMutableBufferPointer<grpc_metadata> {
        if metadata.isEmpty { return UnsafeMutableBufferPointer(start: nil, count: 0) }
        let kept = UnsafeMutableBufferPointer<grpc_metadata>.allocate(capacity: metadata.entries.count)
        for (index, entry) in metadata.entries.enumerated() {
            var element = grpc_metadata()
            element.key = CoreSlice.copying(entry.name)
            element.value = CoreSlice.copying(entry.value)
            kept.initializeElement(at: index, to: element)
        }
        sentMetadata.append(kept)
        return kept
    }

    func sendInitialMetadata(_ metadata: RPCMetadata = [:]) {
        let kept = keep(metadata)
        add(GRPC_OP_SEND_INITIAL_METADATA) {
            $0.data.send_initial_metadata.count = kept.count
            $0.data.send_initial_metadata.metadata = kept.baseAddress
        }
    }

    /// `moreFollows` lets core keep the message until the next one comes.
    func sendMessage(_ payload: RPCPayload, moreFollows: Bool = false) {
        let buffer = payload.makeByteBuffer()
        sentMessage = buffer
        add(GRPC_OP_SEND_MESSAGE, flags: moreFollows ? UInt32(GRPC_WRITE_BUFFER_HINT) : 0) {
            $0.data.send_message.send_message = buffer
        }
    }

    func finishSending() {
        add(GRPC_OP_SEND_CLOSE_FROM_CLIENT) { _ in }
    }

    func sendStatus(_ status: RPCStatus) {
        let kept = keep(status.metadata.fault == nil ? status.metadata : [:])
        if !status.message.isEmpty {
            let details = UnsafeMutablePointer<grpc_slice>.allocate(capacity: 1)
            details.initialize(to: CoreSlice.copying(status.boundedMessage))
            sentDetails = details
        }
        let details = sentDetails
        add(GRPC_OP_SEND_STATUS_FROM_SERVER) {
            $0.data.send_status_from_server.trailing_metadata_count = kept.count
            $0.data.send_status_from_server.trailing_metadata = kept.baseAddress
            $0.data.send_status_from_server.status = grpc_status_code(
                rawValue: status.code.rawValue
            )
            $0.data.send_status_from_server.status_details = details
        }
    }

    func receiveInitialMetadata() {
        let results = results
        add(GRPC_OP_RECV_INITIAL_METADATA) {
            $0.data.recv_initial_metadata.recv_initial_metadata = Self.field(of: results, \.initialMetadata)
        }
    }

    func receiveMessage() {
        let results = results
        add(GRPC_OP_RECV_MESSAGE) {
            $0.data.recv_message.recv_message = Self.field(of: results, \.message)
        }
    }

    func receiveStatus() {
        let results = results
        add(GRPC_OP_RECV_STATUS_ON_CLIENT) {
            $0.data.recv_status_on_client.trailing_metadata = Self.field(of: results, \.trailingMetadata)
            $0.data.recv_status_on_client.status = Self.field(of: results, \.status)
            $0.data.recv_status_on_client.status_details = Self.field(of: results, \.statusDetails)
        }
    }

    func receiveClose() {
        let results = results
        add(GRPC_OP_RECV_CLOSE_ON_SERVER) {
            $0.data.recv_close_on_server.cancelled = Self.field(of: results, \.isCancelled)
        }
    }

    /// The address of a field of the results' block, which does not move.
    private static func field<Value>(
        of results: UnsafeMutablePointer<Results>,
        _ path: KeyPath<Results, Value>
    ) -> UnsafeMutablePointer<Value>? {
        guard let offset = MemoryLayout<Results>.offset(of: path) else { return nil }
        return (UnsafeMutableRawPointer(results) + offset).assumingMemoryBound(to: Value.self)
    }
}

// MARK: - Results, for the owner, after completion

extension OperationBatch {
    /// The received message; `nil` at the end of the other side's messages.
    func takeMessage() -> ReceivedMessage? {
        guard let message = results.pointee.message else { return nil }
        results.pointee.message = nil
        return ReceivedMessage(message)
    }

    /// The status that ended a client's call.
    var status: RPCStatus {
        RPCStatus(
            .init(rawValue: results.pointee.status.rawValue),
            CoreSlice.text(results.pointee.statusDetails),
            metadata: RPCMetadata(results.pointee.trailingMetadata)
        )
    }

    /// Whether a server's call ended before its status reached the client.
    var isCancelled: Bool { results.pointee.isCancelled != 0 }
}

extension RPCMetadata {
    /// Copies core's metadata.
    init(_ array: grpc_metadata_array) {
        self.init(
            UnsafeBufferPointer(start: array.metadata, count: array.count).map {
                Entry(name: CoreSlice.text($0.key), value: CoreSlice.text($0.value))
            }
        )
    }
}
