internal import MeshCore
internal import MeshRecords
internal import MeshStore

/// Publishes the own cluster's records: keeps them all, for the views, and in the store those that the filter exports.
///
/// What puts several publishers in order is the store's own lock on its writer: what is published changes inside the
/// transaction that writes it, and only if that will be done. Nobody waits for anything under either lock.
final class LocalPublisher: Sendable {
    fileprivate struct State {
        var published: PublishedRecords
        /// Told that there are changes to be taken; `nil` while nobody follows.
        var wake: (@Sendable () -> Void)?
        /// What changed since it was taken last, while somebody follows.
        var changes: [RecordKey: MeshRecord?] = [:]
    }

    private let store: KVStore
    private let decoder: RecordDecoder
    private let maximumOperations: Int
    private let maximumBytes: Int
    private let state: Locked<State>

    /// A publisher that has published nothing yet.
    ///
    /// - Parameter limits: The store's configuration: transactions are kept within its bounds.
    init(to store: KVStore, as decoder: RecordDecoder, limits: KVStoreConfiguration) {
        self.store = store
        self.decoder = decoder
        maximumOperations = limits.maximumTransactionOperations
        maximumBytes = limits.maximumRequestBytes
        state = Locked(State(published: PublishedRecords()))
    }

    /// The publisher of an agent with this configuration.
    convenience init(to store: KVStore, for configuration: MeshConfiguration) {
        let decoder = RecordDecoder(
            cluster: configuration.name, id: configuration.id, space: configuration.idSpace)
        self.init(to: store, as: decoder, limits: configuration.store)
    }

    // MARK: Publishing

    func publish(_ records: [MeshRecord]) throws(PublishingError) {
        var values: [RecordKey: (record: MeshRecord, value: [UInt8])] = [:]
        var order: [RecordKey] = []
        for record in records {
            let key = record.key
            if values.updateValue((record, try checkedValue(of: record)), forKey: key) == nil { order.append(key) }
        }
        try write { filter in
            order.compactMap { key in
                values[key].map { draft(key, .publish($0.record, filter.judge($0.record, $0.value))) }
            }
        }
    }

    func withdraw(_ keys: [RecordKey]) throws(PublishingError) {
        var seen: Set<RecordKey> = []
        let keys = keys.filter { seen.insert($0).inserted }
        try write { _ in keys.map { draft($0, .withdraw) } }
    }

    func setFilter(_ filter: ExportFilter) throws(PublishingError) {
        state.withLock { $0.published.setFilter(filter) }
        // Once, unless somebody else sets another one meanwhile.
        while case let keys = unjudged(), !keys.isEmpty {
            for start in stride(from: 0, to: keys.count, by: Self.judgedTogether) {
                let some = keys[start..<min(start + Self.judgedTogether, keys.count)]
                try write { filter in
                    let held = state.withLock { state in some.map { ($0, state.published.published($0)) } }
                    return held.compactMap { key, held in
                        guard let (record, version) = held else { return nil }
                        return draft(key, .judge(filter.judge(record, record.encoded()), version: version))
                    }
                }
            }
        }
    }

    /// How many records are encoded at a time when a filter is switched.
    private static let judgedTogether = 1_024

    private func draft(_ key: RecordKey, _ change: PublishedRecords.Draft.Change) -> PublishedRecords.Draft {
        PublishedRecords.Draft(key, of: decoder.cluster, change)
    }

    /// Sorted outside the lock.
    private func unjudged() -> [RecordKey] { state.withLock { $0.published }.unjudged }

    /// The value to be stored, if peers would take it from this cluster.
    private func checkedValue(of record: MeshRecord) throws(PublishingError) -> [UInt8] {
        let value = record.encoded()
        switch decoder.decode(key: record.key.key(in: decoder.cluster), value: value[...]) {
        case .success: return value
        case .failure(let error):
            throw PublishingError(
                .invalidRecord, "\(record.key) cannot be published by cluster '\(decoder.cluster)': \(error.message)",
                cause: error)
        }
    }

    /// Prepares drafts outside all locks and writes them, group by group; prepares them anew where another filter judges
    /// by then.
    private func write(
        _ prepare: (PublishedRecords.NumberedFilter) -> [PublishedRecords.Draft]
    ) throws(PublishingError) {
        var written: Set<RecordKey> = []
        var isOutdated: Bool
        repeat {
            isOutdated = false
            let drafts = prepare(state.withLock { $0.published.filter }).filter { !written.contains($0.key) }
            for group in PublishedRecords.Draft.groups(
                drafts, maximumOperations: maximumOperations, maximumBytes: maximumBytes)
            {
                isOutdated = try !write(group)
                if isOutdated { break }
                written.formUnion(group.map(\.key))
            }
        } while isOutdated
    }

    /// Writes drafts in one transaction; answers whether they were still up to date.
    private func write(_ drafts: [PublishedRecords.Draft]) throws(PublishingError) -> Bool {
        let isDone: Bool
        do {
            isDone = try store.transaction { transaction in
                guard let writes = state.withLock({ $0.published.writes(for: drafts) }) else { return false }
                for write in writes {
                    switch write {
                    // The same value again would only wake every peer.
                    case .put(let key, let value) where transaction[key]?.value.elementsEqual(value) == true: break
                    case .put(let key, let value): transaction.put(key, value)
                    case .delete(let key): transaction.delete(key)
                    case .nothing: break
                    }
                }
                try transaction.check()
                state.withLock { $0.commit(drafts) }
                return true
            }
        } catch {
            let key = drafts.first.map { "\($0.key)" } ?? "nothing"
            throw PublishingError(
                .refusedByStore,
                "the store of cluster '\(decoder.cluster)' did not take \(drafts.count) changes from \(key) on: \(error)",
                cause: error)
        }
        let wake = state.withLock { $0.changes.isEmpty ? nil : $0.wake }
        wake?()
        return isDone
    }

    // MARK: Following

    /// All that is published; from now on ``takeChanges()`` has what changes, and `wake` is called when there is
    /// something. One follower at a time.
    func follow(_ wake: @escaping @Sendable () -> Void) -> [RecordKey: MeshRecord?] {
        state.withLock { state in
            state.wake = wake
            state.changes = [:]
            return state.published.records
        }
    }

    /// What was published, and withdrawn, since the last call.
    func takeChanges() -> [RecordKey: MeshRecord?] {
        state.withLock { state in
            defer { state.changes = [:] }
            return state.changes
        }
    }

    /// Nobody follows any more.
    func unfollow() {
        let former = state.withLock { state in
            defer {
                state.wake = nil
                state.changes = [:]
            }
            return state.wake
        }
        withExtendedLifetime(former) {}
    }
}

extension LocalPublisher.State {
    fileprivate mutating func commit(_ drafts: [PublishedRecords.Draft]) {
        let new = published.commit(drafts)
        guard wake != nil else { return }
        changes.merge(new) { _, later in later }
    }
}
