internal import DequeModule
internal import MeshCore

/// When the revisions of a store were the present ones, as exactly as compaction by age needs to know it.
struct RevisionTimes: Sendable {
    /// In how many parts the age is divided: what is known is no more exact, and takes no more room, than that.
    private static let parts = 100

    private struct Mark: Sendable {
        var time: Duration
        var revision: Revision
    }

    private var marks: Deque<Mark> = []

    /// How many moments are remembered.
    var count: Int { marks.count }

    /// Notes which revision is the present one.
    ///
    /// - Returns: the latest revision that is known to have been the present one `age` ago, which is where a compaction
    ///   may lead; `nil` if nothing is known of that time.
    mutating func note(_ revision: Revision, at now: Duration, age: Duration) -> Revision? {
        let isDue = marks.last.map { revision > $0.revision && now - $0.time >= age / Self.parts } ?? true
        if isDue { marks.append(Mark(time: now, revision: revision)) }
        let end = now - age
        while marks.count > 1, marks[1].time <= end { marks.removeFirst() }
        guard let first = marks.first, first.time <= end else { return nil }
        return first.revision
    }
}
