internal import MeshCore
public import MeshRecords
public import MeshStore

/// Keeps a store in step with state files: writes what they add and change, and withdraws what they no longer hold.
///
/// The files own the keys that they name, from the time they first do: a line's value is put back at the next
/// ``write(_:)`` if somebody else changed it, and the key goes with its line. All other keys are left alone.
///
/// A value to be used by one task.
public struct StateWriter: Sendable {
    /// How many keys were written and withdrawn.
    public struct Outcome: Hashable, Sendable {
        /// The keys that were put.
        public var put = 0
        /// The keys that were deleted.
        public var withdrawn = 0
    }

    private let store: KVStore
    private let limits: KVStoreConfiguration
    private var known: Set<Key> = []

    /// A writer that has written nothing yet.
    ///
    /// - Parameter limits: The store's configuration: transactions are kept within its bounds.
    public init(to store: KVStore, limits: KVStoreConfiguration) {
        self.store = store
        self.limits = limits
    }

    /// Writes what differs between the store and `lines`, a few keys a transaction.
    ///
    /// - Throws: ``StateWriteError`` if the store refuses a transaction. What was written before stays, and the next call
    ///   goes on from there.
    @discardableResult
    public mutating func write(_ lines: [StateLine]) throws(StateWriteError) -> Outcome {
        let snapshot = store.snapshot()
        let plan = StatePlan(
            lines: lines,
            known: known,
            maximumOperations: limits.maximumTransactionOperations,
            maximumBytes: limits.maximumRequestBytes
        ) { snapshot[$0] }
        // A key that the store held by chance already is the files' from now on, too.
        known.formUnion(lines.map(\.key))
        var outcome = Outcome()
        for batch in plan.batches {
            do {
                try store.transaction { transaction in
                    for line in batch.puts { transaction.put(line.key, line.value) }
                    for key in batch.withdrawals { transaction.delete(key) }
                }
            } catch {
                let key = batch.puts.first?.key ?? batch.withdrawals.first
                throw StateWriteError(key: key ?? Key([]), cause: "\(error)")
            }
            outcome.put += batch.puts.count
            outcome.withdrawn += batch.withdrawals.count
        }
        known = Set(lines.map(\.key))
        return outcome
    }
}

/// A store that does not take what state files say, and why.
public struct StateWriteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first key of the transaction that was refused.
    public var key: Key

    /// What the store said.
    public var cause: String

    public var description: String { "the state from '\(key)' on could not be written: \(cause)" }
}
