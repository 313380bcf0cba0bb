/// What a record holds, behind one reference.
///
/// A record is kept by its mirror, by the views and in the changes between them, by the hundred thousand: all of them
/// keep this object. It never changes, so that threads can share it; a record of which a field is set gets another.
final class RecordStorage<Fields: Hashable & Sendable>: Sendable {
    let fields: Fields

    init(_ fields: Fields) {
        self.fields = fields
    }

    /// The same with `change` applied.
    func changed(_ change: (inout Fields) -> Void) -> RecordStorage {
        var fields = fields
        change(&fields)
        return RecordStorage(fields)
    }
}

extension RecordStorage: Hashable {
    static func == (left: RecordStorage, right: RecordStorage) -> Bool {
        left === right || left.fields == right.fields
    }

    func hash(into hasher: inout Hasher) {
        fields.hash(into: &hasher)
    }
}
