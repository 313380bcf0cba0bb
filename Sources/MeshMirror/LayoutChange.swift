internal import MeshRecords

/// Follows a peer's records to the other layout: those of the former one leave when the new one is listed completely,
/// and not before.
struct LayoutChange: Sendable {
    /// The records met in the new layout, of each kind that is not listed there completely yet.
    private var met: [RecordKind: Set<RecordKey>] = [:]

    /// Whether a kind is not listed completely yet.
    var isUnderWay: Bool { !met.isEmpty }

    /// The kinds of the former layout are now read in another one.
    mutating func begin(_ kinds: some Sequence<RecordKind>) {
        for kind in kinds { met[kind] = [] }
    }

    /// A record was met, or a refused value of it: it stays.
    mutating func met(_ key: RecordKey) {
        met[key.kind]?.insert(key)
    }

    /// Nothing of a kind is held any more.
    mutating func withdrawn(_ kind: RecordKind) {
        met[kind] = nil
    }

    /// A kind is listed completely; answers which of the records held are left over from the former layout.
    mutating func listed(_ kind: RecordKind, held: some Sequence<RecordKey>) -> [RecordKey] {
        guard let met = met.removeValue(forKey: kind) else { return [] }
        return held.filter { !met.contains($0) }
    }
}
