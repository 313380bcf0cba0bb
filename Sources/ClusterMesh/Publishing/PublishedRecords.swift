internal import MeshCore
internal import MeshRecords

/// What the own cluster's code published, and which of it lies in the store for peers to read.
///
/// A plain value. A change has three parts: a ``Draft`` is prepared while others go on (encoding and asking the filter
/// take time); ``writes(for:)`` says what the store must do for it, as things stand then; ``commit(_:)`` takes it over
/// once the store has. Nothing may happen between the second and the third, which is the owner's to see to.
struct PublishedRecords: Sendable {
    /// One record that is published.
    private struct Entry: Sendable {
        var record: MeshRecord
        /// Whether it is in the store.
        var isExported: Bool
        /// Another one says that the record was published again meanwhile.
        var version: UInt64
        /// The filter that judged it.
        var filter: UInt64
    }

    /// What is to become of one key.
    struct Draft: Sendable {
        enum Change: Sendable {
            /// It is published, and exported or not.
            case publish(MeshRecord, Export)
            /// What is published in this version is exported or not.
            case judge(Export, version: UInt64)
            /// It is published no more.
            case withdraw
        }

        /// What a filter said of a record.
        struct Export: Sendable {
            /// What lies in the store if it is exported.
            var value: [UInt8]
            var isExported: Bool
            /// The number of the filter.
            var filter: UInt64
        }

        let key: RecordKey
        let storeKey: Key
        let change: Change

        /// - Parameter cluster: The own cluster.
        init(_ key: RecordKey, of cluster: ClusterName, _ change: Change) {
            self.key = key
            self.change = change
            storeKey = key.key(in: cluster)
        }

        /// What it takes of a transaction's bytes at most.
        var bytes: Int {
            switch change {
            case .publish(_, let export), .judge(let export, _): storeKey.bytes.count + export.value.count
            case .withdraw: storeKey.bytes.count
            }
        }
    }

    /// What the store must do for a draft.
    enum Write: Hashable, Sendable {
        case put(Key, [UInt8])
        case delete(Key)
        case nothing
    }

    /// A filter, and which one it is of those that were set.
    struct NumberedFilter: Sendable {
        var number: UInt64
        var rule: ExportFilter

        /// What it says of a record with this value.
        func judge(_ record: MeshRecord, _ value: [UInt8]) -> Draft.Export {
            Draft.Export(value: value, isExported: rule.exports(record), filter: number)
        }
    }

    /// What judges records now.
    private(set) var filter = NumberedFilter(number: 0, rule: .all)
    private var entries: [RecordKey: Entry] = [:]
    private var lastVersion: UInt64 = 0

    /// How many records are published.
    var count: Int { entries.count }

    /// All that is published, whether exported or not.
    var records: [RecordKey: MeshRecord?] { entries.mapValues { .some($0.record) } }

    /// From now on this filter judges. What another one judged last is ``unjudged``.
    mutating func setFilter(_ rule: ExportFilter) {
        filter = NumberedFilter(number: filter.number + 1, rule: rule)
    }

    /// The keys of the records that the present filter has not judged yet, those that others refer to first.
    var unjudged: [RecordKey] {
        entries.filter { $0.value.filter != filter.number }.keys.sorted { left, right in
            (left.kind.exportOrder, left) < (right.kind.exportOrder, right)
        }
    }

    /// The record of a key and its version; `nil` if it is not published.
    func published(_ key: RecordKey) -> (record: MeshRecord, version: UInt64)? {
        entries[key].map { ($0.record, $0.version) }
    }

    /// What the store must do for drafts of different keys, as things stand; `nil` if another filter judges now than
    /// the one that judged them, so that they must be made anew.
    func writes(for drafts: [Draft]) -> [Write]? {
        var writes: [Write] = []
        writes.reserveCapacity(drafts.count)
        for draft in drafts {
            let entry = entries[draft.key]
            switch draft.change {
            case .publish(_, let export):
                guard export.filter == filter.number else { return nil }
                writes.append(write(draft.storeKey, export, wasExported: entry?.isExported == true))
            case .judge(let export, let version):
                guard export.filter == filter.number else { return nil }
                guard let entry, entry.version == version else { continue }
                writes.append(write(draft.storeKey, export, wasExported: entry.isExported))
            case .withdraw:
                // A key that is not published, or not exported, is somebody else's, if it is there at all.
                writes.append(entry?.isExported == true ? .delete(draft.storeKey) : .nothing)
            }
        }
        return writes
    }

    private func write(_ key: Key, _ export: Draft.Export, wasExported: Bool) -> Write {
        if export.isExported { return .put(key, export.value) }
        return wasExported ? .delete(key) : .nothing
    }

    /// Takes over what the store has done; answers which records are now published or no more, by their keys.
    mutating func commit(_ drafts: [Draft]) -> [RecordKey: MeshRecord?] {
        var changes: [RecordKey: MeshRecord?] = [:]
        for draft in drafts {
            switch draft.change {
            case .publish(let record, let export):
                lastVersion += 1
                entries[draft.key] = Entry(
                    record: record, isExported: export.isExported, version: lastVersion, filter: export.filter)
                changes.updateValue(record, forKey: draft.key)
            case .judge(let export, let version):
                guard entries[draft.key]?.version == version else { continue }
                entries[draft.key]?.isExported = export.isExported
                entries[draft.key]?.filter = export.filter
            case .withdraw:
                guard entries.removeValue(forKey: draft.key) != nil else { continue }
                changes.updateValue(nil, forKey: draft.key)
            }
        }
        return changes
    }
}

extension PublishedRecords.Draft {
    /// Drafts in groups that a transaction takes, in their order. One that is larger than a transaction stands alone, for
    /// the store to judge.
    static func groups(_ drafts: [Self], maximumOperations: Int, maximumBytes: Int) -> [[Self]] {
        var groups: [[Self]] = []
        var bytes = 0
        for draft in drafts {
            bytes += draft.bytes
            if let last = groups.last, last.count < maximumOperations, bytes <= maximumBytes {
                groups[groups.count - 1].append(draft)
            } else {
                groups.append([draft])
                bytes = draft.bytes
            }
        }
        return groups
    }
}

extension RecordKind {
    /// Identities before the addresses that have them, nodes before the addresses on them.
    fileprivate var exportOrder: Int {
        switch self {
        case .identity: 0
        case .node: 1
        case .ip: 2
        case .service: 3
        case .serviceExport: 4
        }
    }
}
