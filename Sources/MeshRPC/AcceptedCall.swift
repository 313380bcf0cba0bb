internal import MeshCore

/// A call as it arrived at a server: everything but its messages.
struct AcceptedCall: Sendable {
    let call: CoreCall
    let shard: RPCShard
    let method: RPCMethod
    let metadata: RPCMetadata
    let deadline: ContinuousClock.Instant?

    /// What a handler is told of the call, unless the verifier refuses the caller.
    func context(verifier: PeerVerifier) -> Result<RPCCallContext, RPCStatus> {
        let (leaf, chain) = call.peerCertificate
        return switch verifier.judge(leaf: leaf, chain: chain, expected: .client) {
        case .success(let peer):
            .success(
                RPCCallContext(
                    method: method,
                    peer: peer,
                    peerAddress: call.peerAddress,
                    metadata: metadata,
                    deadline: deadline
                )
            )
        case .failure(let error):
            .failure(Self.refusal(error))
        }
    }

    /// What a client is told whose certificate is refused.
    static func refusal(_ error: PeerVerificationError) -> RPCStatus {
        RPCStatus(.unauthenticated, "the client's certificate was refused: \(error.message)")
    }

    /// Answers with a status; no message is read.
    func refuse(_ status: RPCStatus) {
        let batch = OperationBatch(.status, capacity: 3)
        batch.sendInitialMetadata()
        batch.sendStatus(status)
        batch.receiveClose()
        if !batch.start(on: call, for: RefusedCall()) { call.cancel() }
    }
}

/// The owner of a refused call's only batch, of which nothing need be known.
private final class RefusedCall: BatchOwner {
    func completed(_ batch: OperationBatch, success: Bool) {}
}
