internal import MeshCore

extension ListWatchStateMachine {
    /// What is asked before a watch resumes, and what the answer has to be.
    ///
    /// For example, after a put of `a` at revision 7: "`a` at 7?" has to answer that very pair. After a delete of `a` at
    /// 7: "`a` at 7?" has to answer nothing, and "`a` at 6?" the pair that was known. After a
    /// deletion, and after either of them and a progress message at 9, also "the newest of all keys at 7 (or 9)?": a key
    /// that is known, and as many keys as are known.
    /// If 7 and 9 were compacted, "the newest of all keys now?" may still show that a quiet range has not changed.
    enum Verification {
        /// The last change: the key has to be as it was left.
        case change(Change)
        /// The last change was a deletion: one revision earlier the key has to be there.
        case before(Change)
        /// The number of keys and the newest of them have to be what is known.
        case state(at: Revision)
        /// The revisions in question were compacted: the same of the present state, which proves that nothing changed.
        case present

        func request(_ range: KeyRange) -> RangeRequest {
            var request: RangeRequest
            switch self {
            case .change(let change):
                request = RangeRequest(.key(change.key))
                request.revision = change.revision
            case .before(let change):
                request = RangeRequest(.key(change.key))
                request.revision = change.revision.previous
            case .state, .present:
                request = RangeRequest(range)
                if case .state(at: let revision) = self { request.revision = revision }
                request.sortTarget = .modRevision
                request.sortOrder = .descending
                request.limit = 1
            }
            return request
        }
    }

    mutating func beginVerification(_ cursor: Cursor) -> ListWatchStep {
        guard let change = cursor.lastChange else { return verify(.state(at: cursor.revision)) }
        return verify(.change(change))
    }

    private mutating func verify(_ verification: Verification) -> ListWatchStep {
        state = .verifying(verification)
        return ListWatchStep(next: .range(verification.request(range)))
    }

    mutating func verificationReceived(
        _ header: ResponseHeader,
        _ answer: RangeAnswer,
        _ verification: Verification
    ) -> ListWatchStep {
        if let difference = differenceInHistory(header) { return distrust(difference) }
        noteHistory(header)
        let pair = answer.pairs.first
        switch verification {
        case .change(let change):
            switch change.kind {
            case .put:
                guard let pair, KnownKeys.fingerprint(pair) == change.fingerprint else {
                    return distrust(.historyDiffers)
                }
            case .delete:
                guard pair == nil else { return distrust(.historyDiffers) }
                return verify(.before(change))
            }
            return verifyState(after: change)
        case .before(let change):
            guard let pair, KnownKeys.fingerprint(pair) == change.fingerprint else { return distrust(.historyDiffers) }
            // Another history may have deleted the same key at the same revision: a deletion tells nothing of its own.
            return verify(.state(at: cursor?.revision ?? change.revision))
        case .state(at: let revision):
            guard isKnown(answer) else { return distrust(.historyDiffers) }
            return resume(after: revision)
        case .present:
            guard isKnown(answer), header.revision > .none else { return beginListing(because: .compacted) }
            cursor = Cursor(revision: header.revision)
            noteApplied(header.revision)
            var step = resume(after: header.revision)
            step.batch = FollowedBatch(events: [], revision: header.revision)
            return step
        }
    }

    /// Whether an answer's number of keys and the newest of them are what is known: any write since would be newer, and
    /// deletions alone would leave fewer.
    private func isKnown(_ answer: RangeAnswer) -> Bool {
        guard answer.count == Int64(known.count) else { return false }
        guard let newest = answer.pairs.first else { return known.count == 0 }
        return newest.modRevision == known.newest
            && known.fingerprint(of: newest.key) == KnownKeys.fingerprint(newest)
    }

    /// The last change is proven; what is complete beyond it is not yet.
    private mutating func verifyState(after change: Change) -> ListWatchStep {
        let complete = cursor?.revision ?? change.revision
        return complete > change.revision ? verify(.state(at: complete)) : resume(after: complete)
    }

    private mutating func resume(after revision: Revision) -> ListWatchStep {
        state = .watching(Watching())
        return ListWatchStep(next: .watch(from: revision.next))
    }

    mutating func verificationFailed(_ error: EtcdError, _ verification: Verification) -> ListWatchStep {
        if error.saysCompacted {
            if case .change(let change) = verification, let complete = cursor?.revision, complete > change.revision {
                // The change itself can't be proven any more; what all keys were later may still be.
                return verify(.state(at: complete))
            }
            return verify(.present)
        }
        // An error has no header: page one's may tell that it is another store altogether.
        if error.saysFutureRevision { return beginListing(because: .revisionWentBack) }
        return abort(.requestFailed, "the last applied revision could not be verified", cause: error)
    }

    private mutating func distrust(_ cause: ListingCause) -> ListWatchStep {
        forgetHistory()
        return beginListing(because: cause)
    }
}
