internal import MeshCore

extension ListWatchStateMachine {
    /// A listing that goes on.
    struct Listing {
        /// The revision of page one's header, at which all other pages are read; `nil` before page one.
        var pinned: Revision?
        /// Where the next page begins.
        var nextKey: Key
        var summary: ListingSummary
    }

    /// Begins the listing that is due.
    mutating func beginListing() -> ListWatchStep {
        let cause = due ?? .first
        due = cause
        cursor = nil
        known.beginListing()
        let listing = Listing(nextKey: range.lower, summary: ListingSummary(cause: cause, revision: .none))
        state = .listing(listing)
        return ListWatchStep(beginsListing: cause, next: .range(pageRequest(listing)))
    }

    /// Begins a listing that was not foreseen when the connection was made; gives up after too many.
    mutating func beginListing(because cause: ListingCause) -> ListWatchStep {
        restarts += 1
        guard restarts <= Self.maximumRestarts else {
            return abort(
                .listingsInterrupted,
                "\(Self.maximumRestarts) listings in a row had to begin anew, the last because of: \(cause.rawValue)"
            )
        }
        makeListingDue(cause)
        return beginListing()
    }

    private func pageRequest(_ listing: Listing) -> RangeRequest {
        var request = RangeRequest(KeyRange(from: listing.nextKey, to: range.end))
        request.revision = listing.pinned ?? .none
        request.limit = Int64(pageSize)
        request.sortOrder = .ascending
        request.sortTarget = .key
        return request
    }

    mutating func pageReceived(
        _ header: ResponseHeader,
        _ answer: RangeAnswer,
        _ previous: Listing,
        budget: inout FollowBudget
    ) -> ListWatchStep {
        var listing = previous
        if let pinned = listing.pinned {
            // The store went back between two pages.
            guard header.revision >= pinned else {
                forgetHistory()
                return beginListing(because: .revisionWentBack)
            }
        } else {
            if let difference = differenceInHistory(header) {
                forgetHistory()
                makeListingDue(difference)
                listing.summary.cause = due ?? difference
            }
            guard header.revision > .none else {
                return abort(.protocolViolation, "a list's header has revision \(header.revision)")
            }
            listing.pinned = header.revision
            listing.summary.revision = header.revision
        }
        noteHistory(header)
        return apply(answer, listing, pinned: listing.summary.revision, budget: &budget)
    }

    private mutating func apply(
        _ answer: RangeAnswer,
        _ started: Listing,
        pinned: Revision,
        budget: inout FollowBudget
    ) -> ListWatchStep {
        var listing = started
        var events: [WatchEvent] = []
        var last: KeyValue?
        for pair in answer.pairs {
            let revision = pair.modRevision
            let isInOrder =
                last.map { pair.compareKey(to: $0.keyBytes.span) > 0 }
                ?? (pair.compareKey(to: listing.nextKey.bytes.span) >= 0)
            guard isInOrder, pair.isKey(in: range) else {
                return abort(.protocolViolation, "a page holds key '\(pair.key)', which is out of order or of range")
            }
            guard revision > .none, revision <= pinned else {
                return abort(
                    .protocolViolation,
                    "a page read at revision \(pinned) holds '\(pair.key)' modified at \(revision)"
                )
            }
            last = pair
            switch known.list(pair, budget: &budget) {
            case .added:
                listing.summary.added += 1
                events.append(WatchEvent(kind: .put, pair: pair))
            case .changed:
                listing.summary.changed += 1
                events.append(WatchEvent(kind: .put, pair: pair))
            case .unchanged:
                listing.summary.unchanged += 1
            case .refused:
                listing.summary.refused += 1
            }
        }
        // What was listed counts as applied even if the listing is cut: a store that is below it later went back.
        noteApplied(answer.pairs.lazy.map(\.modRevision).max() ?? .none)
        var batch = FollowedBatch(events: events)

        if answer.more {
            guard let last else {
                return abort(.protocolViolation, "a page is empty although more is said to follow")
            }
            listing.nextKey = last.key.successor
            state = .listing(listing)
            return ListWatchStep(batch: events.isEmpty ? nil : batch, next: .range(pageRequest(listing)))
        }

        let vanished = known.endListing(budget: &budget)
        for key in vanished {
            batch.events.append(WatchEvent(kind: .delete, pair: .tombstone(key: key, modRevision: pinned)))
        }
        listing.summary.removed = vanished.count
        batch.listing = listing.summary
        batch.revision = pinned
        due = nil
        noteApplied(pinned)
        cursor = Cursor(revision: pinned)
        if known.isIncomplete, !vanished.isEmpty, restarts < Self.maximumRestarts {
            // The vanished keys made room in the budget: what was refused may fit now.
            var again = beginListing(because: .incomplete)
            again.batch = batch
            return again
        }
        state = .watching(Watching())
        return ListWatchStep(batch: batch, next: .watch(from: pinned.next))
    }

    mutating func pageFailed(_ error: EtcdError, _ listing: Listing) -> ListWatchStep {
        if error.saysCompacted {
            return beginListing(because: .compacted)
        }
        if error.saysFutureRevision {
            // Page one was answered by a store that is ahead of this one.
            return beginListing(because: .revisionWentBack)
        }
        if error.code == .resourceExhausted, halvePageSize() {
            // The page may be larger than the transport lets through.
            return ListWatchStep(next: .range(pageRequest(listing)))
        }
        return abort(.requestFailed, "a page could not be read", cause: error)
    }
}
