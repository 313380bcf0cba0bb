internal import MeshCore

/// The shell of a client's stream: gives core what ``ClientStreamStateMachine`` decides.
///
/// It lives until core has reported the end of the call; ``RPCStream`` is what the user holds.
final class ClientStreamCall: BatchOwner {
    typealias SendResult = Result<Void, RPCStatus>
    typealias ReceiveResult = Result<ReceivedMessage?, RPCStatus>
    typealias Sender = CheckedContinuation<HandedOver<SendResult>, Never>
    /// Who receives messages: a task that waits for one, or a handler of all.
    enum Receiver: Sendable {
        case task(CheckedContinuation<HandedOver<ReceiveResult>, Never>)
        case handler(RPCStream.Handler)
    }

    typealias Machine = ClientStreamStateMachine<RPCPayload, Sender, Receiver>

    private let call: CoreCall
    private let channel: RPCChannel
    private let machine = Locked(Machine())
    // One is in flight at most, so it is used again and again.
    private let receiveBatch = OperationBatch(.receive)

    init(_ call: CoreCall, channel: RPCChannel) {
        self.call = call
        self.channel = channel
    }

    /// How the stream ended; `nil` while it is open.
    var status: RPCStatus? { machine.withLock { $0.status }.map(channel.explained) }

    func cancel() {
        call.cancel()
    }

    func start(_ metadata: RPCMetadata) {
        let end = OperationBatch(.end)
        end.receiveStatus()
        guard end.start(on: call, for: self) else { return ended(Self.refusedByCore) }
        let initial = OperationBatch(.initialMetadata, capacity: 2)
        initial.sendInitialMetadata(metadata)
        initial.receiveInitialMetadata()
        if !initial.start(on: call, for: self) { call.cancel() }
    }

    private static var refusedByCore: RPCStatus { RPCStatus(.internalError, "gRPC's core refused an operation") }

    func send(_ outgoing: Machine.Outgoing) async -> SendResult {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                switch machine.withLock({ $0.sendRequested(outgoing, by: continuation) }) {
                case .start(let outgoing): start(outgoing)
                case .wait: break
                case .refuse(let sender, let status): sender.resume(returning: HandedOver(.failure(status)))
                }
            }
        } onCancel: {
            call.cancel()
        }.take()
    }

    private func start(_ outgoing: Machine.Outgoing) {
        let batch: OperationBatch
        switch outgoing {
        case .message(let payload):
            batch = OperationBatch(.send)
            batch.sendMessage(payload)
        case .finish:
            batch = OperationBatch(.finishSending)
            batch.finishSending()
        }
        if !batch.start(on: call, for: self) {
            call.cancel()
            sendCompleted(success: false)
        }
    }

    func receive() async -> ReceiveResult {
        await withTaskCancellationHandler {
            await withCheckedContinuation { receive(by: .task($0)) }
        } onCancel: {
            call.cancel()
        }.take()
    }

    func receiveAll(_ handler: RPCStream.Handler) {
        receive(by: .handler(handler))
    }

    private func receive(by receiver: Receiver) {
        switch machine.withLock({ $0.receiveRequested(by: receiver) }) {
        case .start: startReceiving()
        case .wait: break
        case .finish(let receiver, let status): finish(receiver, status)
        }
    }

    private func startReceiving() {
        receiveBatch.receiveMessage()
        if !receiveBatch.start(on: call, for: self) {
            call.cancel()
            receiveCompleted(nil)
        }
    }

    private func finish(_ receiver: Receiver, _ status: RPCStatus) {
        let status = channel.explained(status)
        switch receiver {
        case .task(let continuation):
            continuation.resume(returning: HandedOver(status.isOK ? .success(nil) : .failure(status)))
        case .handler(let handler):
            handler.ended(status)
        }
    }
}

// MARK: - Events

extension ClientStreamCall {
    func completed(_ batch: OperationBatch, success: Bool) {
        switch batch.purpose {
        case .initialMetadata: break  // The status tells if it failed.
        case .send, .finishSending: sendCompleted(success: success)
        case .receive: receiveCompleted(success ? batch.takeMessage() : nil)
        case .end: ended(batch.status)
        case .unary, .status: preconditionFailure("a client's stream starts no batch for \(batch.purpose)")
        }
    }

    private func sendCompleted(success: Bool) {
        let completion = machine.withLock { $0.sendCompleted(success: success) }
        if let next = completion.next { start(next) }
        for (sender, fault) in completion.finished {
            sender.resume(returning: HandedOver(fault.map { .failure(channel.explained($0)) } ?? .success(())))
        }
    }

    private func receiveCompleted(_ message: ReceivedMessage?) {
        let completion = machine.withLock { machine in
            machine.receiveCompleted(hasMessage: message != nil) { receiver in
                switch receiver {
                case .task: false
                case .handler: true
                }
            }
        }
        switch completion {
        case .deliver(.task(let continuation)): continuation.resume(returning: HandedOver(.success(message)))
        case .deliver(.handler(let handler)):
            guard let message else { return }
            let wantsNext = handler.received(RPCReceivedMessage(message))
            if machine.withLock({ $0.messageHandled(by: .handler(handler), wantsNext: wantsNext) }) { startReceiving() }
        case .finish(let receiver, let status): finish(receiver, status)
        case .wait: break
        }
    }

    private func ended(_ status: RPCStatus) {
        let receiver = machine.withLock { $0.statusReceived(status) }
        if let receiver { finish(receiver, status) }
        channel.ended(call)
    }
}
