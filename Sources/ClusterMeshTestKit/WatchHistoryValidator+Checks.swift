internal import MeshCore

// One function for each promise; only PrevKV and IsCreate are looked at together with what the events say.

extension WatchHistoryValidator {
    func checkFilter(_ history: WatchHistory, _ report: inout Report) {
        for event in history.events where !history.wants(event) {
            report.add(.filter, "\(EventName(event)) came, but \(history.range) was asked for \(history.kinds)")
        }
    }

    func checkOrdered(_ history: WatchHistory, _ report: inout Report) {
        var last: (event: WatchEvent, place: Int)?
        for event in history.events {
            // Where one revision wrote a key several times, an event is the next of them.
            let candidates = places[EventName(event)] ?? []
            let place = candidates.first { $0 > last?.place ?? -1 } ?? candidates.last
            if let last, event.revision < last.event.revision || place.map({ $0 < last.place }) ?? false {
                report.add(.ordered, "\(EventName(event)) came after \(EventName(last.event))")
            }
            last = (event, place ?? last?.place ?? -1)
        }
    }

    func checkUnique(_ history: WatchHistory, _ report: inout Report) {
        var counts: [EventName: Int] = [:]
        for event in history.events {
            let name = EventName(event)
            counts[name, default: 0] += 1
            let expected = max(1, places[name]?.count ?? 0)
            if counts[name] == expected + 1 { report.add(.unique, "\(name) came more than once") }
        }
    }

    func checkAtomic(_ history: WatchHistory, _ report: inout Report) {
        // The last revision with events of the last whole message, and whether a message is under way.
        var lastWhole = Revision.none
        var isInParts = false
        for message in history.messages {
            guard case .events(let events, _, let isPart) = message else {
                if isInParts { report.add(.atomic, "\(message) came between the parts of a message") }
                isInParts = false
                continue
            }
            if isPart, !history.takesParts { report.add(.atomic, "a part of a message came unasked") }
            if !isInParts, lastWhole != .none, let event = events.first(where: { $0.revision == lastWhole }) {
                report.add(.atomic, "\(EventName(event)) came after the message that had begun its revision")
            }
            lastWhole = max(lastWhole, events.map(\.revision).max() ?? .none)
            isInParts = isPart
        }
    }

    func checkBookmarkable(_ history: WatchHistory, _ report: inout Report) {
        var bookmark = Revision.none
        for message in history.messages {
            switch message {
            case .events(let events, let header, _):
                if let event = events.first(where: { $0.revision <= bookmark }) {
                    report.add(.bookmarkable, "\(EventName(event)) came after \(bookmark) was said to be complete")
                }
                // A part may end inside of a revision, which its header then does not reach.
                if case .events(_, _, isPart: false) = message, let event = events.last, event.revision > header {
                    report.add(.bookmarkable, "a header of \(header) came with \(EventName(event))")
                }
                guard headersAreComplete else { continue }
                if header < bookmark { report.add(.bookmarkable, "the header \(header) came after \(bookmark)") }
                bookmark = max(bookmark, header)
            case .progress(let revision):
                if revision < bookmark {
                    report.add(.bookmarkable, "progress to \(revision) came after \(bookmark)")
                }
                bookmark = max(bookmark, revision)
            case .streamProgress(let revision):
                bookmark = max(bookmark, revision)
            case .created, .compacted:
                continue
            }
        }
    }

    func checkResumable(_ history: WatchHistory, _ report: inout Report) {
        guard let first = history.firstRevision else { return }
        if let event = history.events.first(where: { $0.revision < first }) {
            report.add(.resumable, "\(EventName(event)) came, but the watch begins at \(first)")
        }
        // Only what came or was said to be complete is late; more may be under way.
        if let event = history.events.first(where: { history.wants($0) && $0.revision >= first }) {
            let due = writes.events(from: first, through: event.revision).first(where: history.wants)
            if let due, due.revision < event.revision {
                report.add(.resumable, "the watch began with \(EventName(event)), not with \(EventName(due))")
            }
        }
        for case .compacted(let revision) in history.messages {
            if revision > writes.compactedRevision {
                report.add(
                    .resumable,
                    "it ended as compacted to \(revision), but nothing above \(writes.compactedRevision) is"
                )
            } else if let next = sentThrough(history).map(\.next) ?? history.firstRevision, next >= revision {
                report.add(.resumable, "it ended as compacted to \(revision), but had got to \(next)")
            }
        }
    }

    func checkReliable(_ history: WatchHistory, _ report: inout Report) {
        guard let first = history.firstRevision, let last = sentThrough(history) else { return }
        var came = history.events.reduce(into: [EventName: Int]()) { $0[EventName($1), default: 0] += 1 }
        for event in writes.events(from: first, through: last) where history.wants(event) {
            let name = EventName(event)
            if let count = came[name], count > 0 {
                came[name] = count - 1
            } else {
                report.add(.reliable, "\(name) is missing, though \(last) was reached")
            }
        }
    }

    /// Whether the events say what was written: PrevKV, IsCreate, and for the rest Reliable.
    func checkContent(_ history: WatchHistory, _ report: inout Report) {
        for event in history.events where history.wants(event) {
            let name = EventName(event)
            let written = places[name]?.map { writes.events[$0] } ?? []
            guard let first = written.first else {
                report.add(.reliable, "\(name) came, but was never written")
                continue
            }
            // Where one revision wrote a key several times, what came is held to the one that fits.
            let expected = written.first { $0.pair == event.pair } ?? first
            if event.isCreate != expected.isCreate {
                report.add(
                    .isCreate,
                    "\(name) says \(event.isCreate), but the key \(expected.isCreate ? "did not exist" : "existed")")
            } else if event.pair != expected.pair {
                report.add(.reliable, "\(name) brought \(event.pair), but \(expected.pair) was written")
            }
            checkPreviousPair(of: event, expected, history, &report)
        }
    }

    private func checkPreviousPair(
        of event: WatchEvent,
        _ expected: WatchEvent,
        _ history: WatchHistory,
        _ report: inout Report
    ) {
        let wanted = history.options.previousPairs ? expected.previous : nil
        if event.previous == wanted { return }
        // It was gone when the event was sent.
        if event.previous == nil, event.revision.previous < writes.compactedRevision { return }
        let (came, due) = (event.previous.map { "\($0)" } ?? "none", wanted.map { "\($0)" } ?? "none")
        report.add(.previousPair, "\(EventName(event)) brought the previous pair \(came), not \(due)")
    }

    /// Up to which revision the server says that it has sent everything; `nil` if it has not said anything.
    private func sentThrough(_ history: WatchHistory) -> Revision? {
        var last: Revision?
        func reached(_ revision: Revision) { last = max(last ?? revision, revision) }
        for message in history.messages {
            switch message {
            case .progress(let revision), .streamProgress(let revision):
                reached(revision)
            case .events(let events, let header, let isPart):
                if headersAreComplete { reached(header) }
                // Inside of a part the last revision may go on in the next one.
                if let event = events.last { reached(isPart ? event.revision.previous : event.revision) }
            case .created, .compacted:
                continue
            }
        }
        return last
    }
}

extension WatchHistory {
    /// Whether the watch asked for such an event.
    func wants(_ event: WatchEvent) -> Bool {
        guard event.pair.isKey(in: range) else { return false }
        switch event.kind {
        case .put: return options.includesPuts
        case .delete: return options.includesDeletes
        }
    }

    /// The kinds of events that were asked for, for people.
    fileprivate var kinds: String {
        switch (options.includesPuts, options.includesDeletes) {
        case (true, true): "all"
        case (true, false): "puts"
        case (false, true): "deletions"
        case (false, false): "nothing"
        }
    }
}
