internal import MeshCore

/// A client's call with one message in each direction: one batch, one event.
final class ClientUnaryCall: BatchOwner {
    typealias Continuation = CheckedContinuation<HandedOver<Result<ReceivedMessage, RPCStatus>>, Never>

    private let call: CoreCall
    private let channel: RPCChannel
    private let continuation = Locked<Continuation?>(nil)

    init(_ call: CoreCall, channel: RPCChannel) {
        self.call = call
        self.channel = channel
    }

    /// Starts the call; the continuation gets the message or the status that ended the call.
    func start(_ request: RPCPayload, _ metadata: RPCMetadata, _ continuation: Continuation) {
        self.continuation.withLock { $0 = continuation }
        let batch = OperationBatch(.unary, capacity: 6)
        batch.sendInitialMetadata(metadata)
        batch.sendMessage(request)
        batch.finishSending()
        batch.receiveInitialMetadata()
        batch.receiveMessage()
        batch.receiveStatus()
        if !batch.start(on: call, for: self) {
            finish(.failure(RPCStatus(.internalError, "gRPC's core refused to start a call")))
        }
    }

    func completed(_ batch: OperationBatch, success: Bool) {
        let status = batch.status
        if !status.isOK {
            finish(.failure(status))
        } else if let message = batch.takeMessage() {
            finish(.success(message))
        } else {
            finish(.failure(RPCStatus(.internalError, "the server answered OK without a message")))
        }
    }

    private func finish(_ result: Result<ReceivedMessage, RPCStatus>) {
        channel.ended(call)
        let continuation = self.continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        continuation?.resume(returning: HandedOver(result))
    }
}
