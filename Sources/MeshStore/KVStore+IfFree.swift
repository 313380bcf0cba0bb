package import MeshCore

// Writes for a thread that must not wait, as a transport's poller: they are done at once, or not at all.
//
// What they may meet is another reader, for as long as it takes to copy a few references. Whoever waits for commits is
// told of these on the same thread.

extension KVStore {
    /// Writes one pair, unless another writer is at work; `nil` then, and nothing was done.
    package func performIfFree(_ request: PutRequest) -> Result<PutAnswer, EtcdError>? {
        commitIfFree(inPlace: true) { engine throws(EtcdError) in try engine.put(request) }
    }

    /// Deletes one key, unless another writer is at work; `nil` then, or if the request is for a range of keys, which may
    /// be many. Nothing was done in either case.
    package func performIfFree(_ request: DeleteRequest) -> Result<DeleteAnswer, EtcdError>? {
        guard request.isSmall else { return nil }
        return commitIfFree(inPlace: true) { engine throws(EtcdError) in try engine.delete(request) }
    }

    /// Does a transaction, unless another writer is at work; `nil` then, or if it is not ``TransactionRequest/isSmall``.
    /// Nothing was done in either case.
    package func performIfFree(_ request: TransactionRequest) -> Result<TransactionAnswer, EtcdError>? {
        guard request.isSmall else { return nil }
        return commitIfFree(inPlace: false) { engine throws(EtcdError) in try engine.perform(request) }
    }

    /// What ``commit(inPlace:_:)`` does, if the writers' lock is free.
    private func commitIfFree<Answer: Sendable>(
        inPlace: Bool,
        _ body: (inout StoreEngine) throws(EtcdError) -> Answer
    ) -> Result<Answer, EtcdError>? {
        do throws(EtcdError) {
            let committed = try writer.withLockIfAvailable { publisher throws(EtcdError) in
                inPlace ? try publisher.commitInPlace(body) : try publisher.commit(body)
            }
            guard let (answer, wakes) = committed else { return nil }
            for (_, wake) in wakes { wake() }
            return .success(answer)
        } catch {
            return .failure(error)
        }
    }
}
