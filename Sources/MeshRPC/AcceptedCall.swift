internal import MeshCore

/// A call as it arrived at a server: everything but its messages.
struct AcceptedCall: Sendable {
    let call: CoreCall
    let shard: RPCShard
    var method: RPCMethod
    var metadata: RPCMetadata
    let deadline: ContinuousClock.Instant?

    /// What a handler is told of the call, unless the caller's certificate is refused now.
    func context(over connection: PeerConnection) -> Result<RPCCallContext, RPCStatus> {
        connection.verdict.map { peer in
            RPCCallContext(
                method: method,
                peer: peer,
                peerAddress: connection.address,
                metadata: metadata,
                deadline: deadline
            )
        }
    }

    /// Answers with a status; no message is read.
    func refuse(_ status: RPCStatus) {
        let batch = OperationBatch(.status, capacity: 3)
        batch.sendInitialMetadata()
        batch.sendStatus(status)
        batch.receiveClose()
        if !batch.start(on: call, for: Unattended.shared) { call.cancel() }
    }
}

/// The owner of batches whose outcome nobody need know.
final class Unattended: BatchOwner {
    static let shared = Unattended()

    func completed(_ batch: OperationBatch, success: Bool) {}
}
