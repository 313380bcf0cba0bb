public import MeshCore

/// The changes of one transaction while they are being made; see `KVStore.transaction`.
///
/// Reads see the changes made so far. An operation that may not be done is remembered, later ones are ignored, and the
/// transaction as a whole fails with its error: so none of them needs a `try`.
public struct WriteTransaction: Sendable {
    private var engine: StoreEngine
    private let start: Int
    private var operations = 0
    private var bytes = 0
    private var failure: EtcdError?

    init(_ engine: StoreEngine) {
        self.engine = engine
        start = engine.history.endPosition
    }

    /// The revision that the transaction makes if it changes anything.
    public var revision: Revision { engine.revision.next }

    /// The pair of a key, as the transaction has left it so far.
    public subscript(key: Key) -> KeyValue? { engine[key] }

    /// The pairs of a range in the order of their keys, as the transaction has left them so far.
    public func pairs(in range: KeyRange) -> [KeyValue] {
        var pairs: [KeyValue] = []
        engine.index.visit(range) { entry in
            pairs.append(entry.pair)
            return true
        }
        return pairs
    }

    /// Writes a value. A key may be written once, and not after it was deleted.
    public mutating func put(_ key: Key, _ value: some Collection<UInt8>, lease: LeaseID = .none) {
        var request = PutRequest(key, Array(value))
        request.lease = lease
        put(request)
    }

    /// Writes a text's UTF-8. A key may be written once, and not after it was deleted.
    public mutating func put(_ key: Key, _ value: String, lease: LeaseID = .none) {
        put(key, Array(value.utf8), lease: lease)
    }

    /// Writes one pair. A key may be written once, and not after it was deleted.
    public mutating func put(_ request: PutRequest) {
        attempt(bytes: request.key.bytes.count + request.value.count) { transaction throws(EtcdError) in
            try request.checkShape()
            try transaction.engine.checkRoom(for: CollectionOfOne(request))
            try transaction.engine.check(request)
            if transaction.hasTouched(transaction.engine.index[request.key]) { throw .duplicateKey }
            _ = transaction.engine.write(request, at: transaction.revision)
        }
    }

    /// Deletes a key. It may not be one that the transaction has written.
    public mutating func delete(_ key: Key) {
        delete(.key(key))
    }

    /// Deletes the keys of a range, of which the transaction may have written none.
    public mutating func delete(_ range: KeyRange) {
        attempt(bytes: range.wireKey.count + range.wireRangeEnd.count) { transaction throws(EtcdError) in
            try DeleteRequest(range).checkShape()
            var isDuplicate = false
            transaction.engine.index.visit(range) { entry in
                isDuplicate = transaction.hasTouched(entry)
                return !isDuplicate
            }
            if isDuplicate { throw .duplicateKey }
            _ = transaction.engine.remove(range, at: transaction.revision)
        }
    }

    private func hasTouched(_ entry: IndexEntry?) -> Bool {
        guard let entry else { return false }
        return entry.position >= start
    }

    private mutating func attempt(bytes: Int, _ operation: (inout WriteTransaction) throws(EtcdError) -> Void) {
        guard failure == nil else { return }
        operations += 1
        self.bytes += bytes
        do throws(EtcdError) {
            if operations > max(1, engine.configuration.maximumTransactionOperations) { throw .tooManyOperations }
            // No message of etcd's has these operations: keys and values are what can be counted.
            if self.bytes > max(1, engine.configuration.maximumRequestBytes) { throw .requestTooLarge }
            try operation(&self)
        } catch {
            failure = error
        }
    }

    /// Throws the error of the first refused operation, if there was one: what a body does after it, it does only for a
    /// transaction that will be done.
    package func check() throws(EtcdError) {
        if let failure { throw failure }
    }

    /// The state after the transaction.
    func finish() throws(EtcdError) -> StoreEngine {
        try check()
        var engine = engine
        engine.finishTransaction()
        return engine
    }
}
