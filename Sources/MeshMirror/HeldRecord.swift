internal import HashTreeCollections
internal import MeshCore
internal import MeshRecords

/// A record of one kind as a table holds it: a reference and eight bytes.
struct HeldRecord<Record: Hashable & Sendable>: Sendable {
    let record: Record
    /// The revision that wrote it, all of its bits turned over if the record is outdated: revisions are never negative.
    private var stamp: Int64

    init(_ record: Record, modRevision: Revision) {
        self.record = record
        stamp = max(0, modRevision.rawValue)
    }

    var modRevision: Revision { Revision(isOutdated ? ~stamp : stamp) }

    /// See ``MirrorRecord/isOutdated``.
    var isOutdated: Bool { stamp < 0 }

    /// Marks it as outdated; whether it was not already.
    mutating func markOutdated() -> Bool {
        guard !isOutdated else { return false }
        stamp = ~stamp
        return true
    }

    /// The same for all kinds.
    func boxed(_ box: (Record) -> MeshRecord) -> MirrorRecord {
        MirrorRecord(box(record), modRevision: modRevision, isOutdated: isOutdated)
    }
}

extension TreeDictionary {
    /// Holds a record; answers what was held before, and whether the record differs from it.
    ///
    /// One that is the same takes only the new revision, so that all who were told of the first share one object.
    mutating func hold<Record>(
        _ record: Record,
        at revision: Revision,
        forKey key: Key
    ) -> (old: HeldRecord<Record>?, differs: Bool) where Value == HeldRecord<Record> {
        guard let old = updateValue(HeldRecord(record, modRevision: revision), forKey: key) else { return (nil, true) }
        guard old.record == record else { return (old, true) }
        self[key] = HeldRecord(old.record, modRevision: revision)
        return (old, false)
    }

    /// Marks a record as outdated; whether there is one that was not.
    mutating func markOutdated<Record>(_ key: Key) -> Bool where Value == HeldRecord<Record> {
        guard var held = self[key], held.markOutdated() else { return false }
        self[key] = held
        return true
    }
}
