internal import MeshCore

/// One change of one key, as history keeps it.
struct Change: Sendable {
    /// The pair after the change; a tombstone for a deletion.
    var pair: KeyValue

    /// The pair before the transaction that made the change; `nil` if the key did not exist.
    var previous: KeyValue?

    var revision: Revision

    var kind: WatchEvent.Kind

    fileprivate var links = Links()

    /// The encoded size of the pair, and of that before it, known without a look at them: when history drops a change,
    /// they have been out of the processor's caches for long.
    let pairBytes: Int
    fileprivate var previousBytes: Int

    /// The way to older changes of the same key.
    fileprivate struct Links: Sendable {
        /// The position of the change before this one, and of one further back; -1 without one.
        var older = -1
        var jump = -1
        /// By how many changes the jump goes back.
        var jumpLength = 0
    }

    /// What is in memory because of this change only: the pair before it, and its own if that is a tombstone.
    fileprivate var pastBytes: Int { previousBytes + (kind == .delete ? pairBytes : 0) }

    init(pair: KeyValue, previous: KeyValue?, revision: Revision, kind: WatchEvent.Kind) {
        self.pair = pair
        self.previous = previous
        self.revision = revision
        self.kind = kind
        pairBytes = pair.encoded.count
        previousBytes = previous?.encoded.count ?? 0
    }
}

/// All changes since the compacted revision in their order: the versions of every key and the window of every watch.
///
/// The changes of one key are linked from newer to older, with jumps as in a skip list that only grows at its head: a
/// change whose predecessor's jump is as long as that jump's own jumps over both, any other jumps to its predecessor. For
/// a key with changes 1…8 the jumps are 2→1, 3→2, 4→1 (over 3→2→1), 5→4, 6→5, 7→4 (over 6→5→4), 8→1 (over 7→4→1).
/// So the version of a key at an old revision is found in O(log v) steps with v versions, nothing needs to be rewritten
/// by a compaction, and a link that leads before the start of the log ends there.
struct History: Sendable {
    private var log = PersistentLog<Change>()

    /// The sum of the encoded sizes of the changes' pairs.
    private(set) var bytes = 0

    /// The sum of the encoded sizes of the pairs that are no longer live: what changes replaced, and tombstones. (A pair
    /// that its own transaction replaced is not in it.)
    private(set) var pastBytes = 0

    /// The sum of the encoded sizes of all pairs ever added.
    private(set) var writtenBytes = 0

    /// The revision of the last change; ``Revision/none`` before the first one.
    private(set) var lastRevision = Revision.none

    /// The number of changes kept.
    var count: Int { log.count }

    /// The position of the first change kept.
    var startPosition: Int { log.startIndex }

    /// The position that the next change will have.
    var endPosition: Int { log.endIndex }

    subscript(position: Int) -> Change { log[position] }

    /// Adds a change and returns its position.
    ///
    /// - Parameter older: the position of the key's change before it, which may be compacted; `nil` without one.
    mutating func append(_ change: consuming Change, after older: Int?) -> Int {
        if let older, older >= log.startIndex {
            let before = log.read(older) { ($0.revision, $0.links) }
            // Whoever asks what was before a change means before its transaction.
            if before.0 == change.revision {
                change.previous = log.read(older) { $0.previous }
                change.previousBytes = change.previous?.encoded.count ?? 0
            }
            change.links = links(behind: older, before.1)
        }
        bytes += change.pairBytes
        pastBytes += change.pastBytes
        writtenBytes += change.pairBytes
        lastRevision = change.revision
        return log.append(change)
    }

    private func links(behind older: Int, _ before: Change.Links) -> Change.Links {
        if before.jump >= log.startIndex {
            let further = log.read(before.jump) { $0.links }
            if before.jumpLength == further.jumpLength {
                return Change.Links(older: older, jump: further.jump, jumpLength: 2 * before.jumpLength + 1)
            }
        }
        return Change.Links(older: older, jump: older, jumpLength: 1)
    }

    /// Whether the change at `position`, which may be compacted, was made after `revision`.
    private func isAfter(_ revision: Revision, _ position: Int) -> Bool {
        position >= log.startIndex && log.read(position) { $0.revision > revision }
    }

    /// The pair of a key at a revision that is not compacted; `nil` if the key did not exist then.
    func pair(of entry: IndexEntry, at revision: Revision) -> KeyValue? {
        let start = log.startIndex
        guard entry.position >= start, entry.pair.modRevision > revision else {
            return entry.isLive ? entry.pair : nil
        }
        return log[firstChange(of: entry, after: revision).position].previous
    }

    /// How many links ``pair(of:at:)`` follows: O(log v).
    func stepsToPair(of entry: IndexEntry, at revision: Revision) -> Int {
        firstChange(of: entry, after: revision).steps
    }

    /// The position of a key's first change after `revision`, found backwards from its last one, which is after it.
    private func firstChange(of entry: IndexEntry, after revision: Revision) -> (position: Int, steps: Int) {
        var position = entry.position
        var steps = 0
        while true {
            let links = log.read(position) { $0.links }
            if isAfter(revision, links.jump) {
                position = links.jump
            } else if isAfter(revision, links.older) {
                position = links.older
            } else {
                return (position, steps)
            }
            steps += 1
        }
    }

    /// How many positions of the log ``visitChanges(of:from:_:)`` looks ahead at a time.
    private static let lookahead = 256

    /// Visits the changes of one key from `first` on, oldest first, until `body` returns false.
    ///
    /// Links lead from newer to older, so that some changes are gathered ahead of the visit: those up to the revision
    /// that stands ``lookahead`` positions behind the next one. O(log v) for each such part with v versions, and there is
    /// none without a change of the key.
    func visitChanges(of entry: IndexEntry, from first: Revision, _ body: (borrowing Change) -> Bool) {
        var next = first
        var gathered: [Int] = []
        while isAfter(next.previous, entry.position) {
            let oldest = firstChange(of: entry, after: next.previous).position
            let end = log.read(min(oldest + Self.lookahead, log.endIndex) - 1) { $0.revision }
            var position = entry.position
            if isAfter(end, position) {
                let behind = firstChange(of: entry, after: end).position
                position = log.read(behind) { $0.links.older }
            }
            while position >= oldest {
                gathered.append(position)
                position = log.read(position) { $0.links.older }
            }
            while let position = gathered.popLast() {
                guard log.read(position, body) else { return }
            }
            next = end.next
        }
    }

    /// The position of the first change at `revision` or later.
    ///
    /// O(log d) steps, with d the number of changes since `revision`: it is mostly asked for recent ones.
    func position(of revision: Revision) -> Int {
        var upper = log.endIndex
        var step = 1
        while isAfter(revision.previous, upper - step) {
            upper -= step
            step *= 2
        }
        var lower = max(log.startIndex, upper - step)
        // All changes from `upper` on are at `revision` or later; none before `lower` is.
        while lower < upper {
            let middle = (lower + upper) >> 1
            if isAfter(revision.previous, middle) { upper = middle } else { lower = middle + 1 }
        }
        return lower
    }

    /// Visits the changes from `position` on until `body` returns false.
    func visit(from position: Int, _ body: (Int, borrowing Change) -> Bool) {
        log.visit(from: position, body)
    }

    /// Visits the changes from `position` on, some at a time with the position of the first, until `body` returns false.
    func visitRuns(from position: Int, _ body: (Int, Span<Change>) -> Bool) {
        log.visitRuns(from: position, body)
    }

    /// Drops all changes before `position`, after having shown each to `body` with its position.
    mutating func trim(before position: Int, _ body: (Int, borrowing Change) -> Void) {
        var released = 0
        var releasedPast = 0
        log.visitRuns(from: log.startIndex) { start, changes in
            let count = max(0, min(changes.count, position - start))
            for index in 0..<count {
                released += changes[index].pairBytes
                releasedPast += changes[index].pastBytes
                body(start + index, changes[index])
            }
            return count == changes.count
        }
        bytes -= released
        pastBytes -= releasedPast
        log.trim(before: position)
    }
}
