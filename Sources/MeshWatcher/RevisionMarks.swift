internal import DequeModule
internal import MeshCore

/// When a store's revisions were first seen, as exactly as a lag has to be told.
///
/// It takes no more room than ``maximum`` marks. When they are used up, every second of the older half goes: so a short
/// lag is told to the period of the marks, and one of hours to some minutes.
struct RevisionMarks: Sendable {
    /// The most marks that are kept.
    static let maximum = 256

    private struct Mark: Sendable {
        var time: Duration
        var revision: Revision
    }

    private var marks: Deque<Mark> = []

    /// How many marks are kept.
    var count: Int { marks.count }

    /// Notes that `revision` is the store's at `now`. A lower one than before begins another history.
    mutating func note(_ revision: Revision, at now: Duration) {
        if let last = marks.last {
            if revision == last.revision { return }
            if revision < last.revision { marks.removeAll() }
        }
        if marks.count >= Self.maximum { thin() }
        marks.append(Mark(time: now, revision: revision))
    }

    /// For how long, at least, the store has had a revision that somebody lacks who has everything before `next`.
    func lag(from next: Revision, at now: Duration) -> Duration {
        var low = 0
        var high = marks.count
        while low < high {
            let middle = (low + high) / 2
            if marks[middle].revision >= next { high = middle } else { low = middle + 1 }
        }
        return low < marks.count ? max(.zero, now - marks[low].time) : .zero
    }

    private mutating func thin() {
        let half = marks.count / 2
        var kept: Deque<Mark> = []
        kept.reserveCapacity(Self.maximum)
        for index in marks.indices where index >= half || index.isMultiple(of: 2) { kept.append(marks[index]) }
        marks = kept
    }
}
