internal import MeshCore
internal import MeshRecords

/// What has to be written so that a store holds what the state files say, in transactions that the store takes.
///
/// A plain value, made from three things: the lines of the files, the keys that files held before, and what the store
/// holds. Lines come first, in their order, then the withdrawals, in the order of the keys. What the store holds already
/// is not written again. Keys that no file ever held belong to somebody else and are left alone.
struct StatePlan: Hashable {
    /// One transaction.
    struct Batch: Hashable {
        var puts: [StateLine] = []
        var withdrawals: [Key] = []
        fileprivate var bytes = 0

        fileprivate var count: Int { puts.count + withdrawals.count }
    }

    /// The transactions, in order; none if the store holds what it should.
    private(set) var batches: [Batch] = []

    /// - Parameters:
    ///   - lines: What the files say; a key stands there once.
    ///   - known: The keys that were written for the files before.
    ///   - maximumOperations: The most operations of a transaction.
    ///   - maximumBytes: The most bytes of a transaction. A line that is larger has one of its own, for the store to
    ///     judge.
    ///   - stored: The value that the store has for a key.
    init(
        lines: [StateLine],
        known: Set<Key>,
        maximumOperations: Int,
        maximumBytes: Int,
        stored: (Key) -> KeyValue?
    ) {
        var gone = known
        var batch = Batch()
        func add(bytes: Int, _ operation: (inout Batch) -> Void) -> Batch? {
            var full: Batch?
            if batch.count > 0, batch.count >= maximumOperations || batch.bytes + bytes > maximumBytes {
                full = batch
                batch = Batch()
            }
            batch.bytes += bytes
            operation(&batch)
            return full
        }
        for line in lines {
            gone.remove(line.key)
            if let pair = stored(line.key), pair.value.elementsEqual(line.value) { continue }
            let full = add(bytes: line.key.bytes.count + line.value.count) { $0.puts.append(line) }
            if let full { batches.append(full) }
        }
        for key in gone.sorted() where stored(key) != nil {
            let full = add(bytes: key.bytes.count) { $0.withdrawals.append(key) }
            if let full { batches.append(full) }
        }
        if batch.count > 0 { batches.append(batch) }
    }
}
