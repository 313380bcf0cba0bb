import ClusterMesh
import ClusterMeshTestKit
import Testing

/// One good history, and what the validator says when something in it is bent.
@Suite struct WatchHistoryValidatorTests {
    /// Revision 2 creates a, 3 creates b, 4 writes a and deletes b, 5 creates c, 6 deletes a, 7 creates a again.
    static let writes: WriteHistory = {
        var writes = WriteHistory()
        writes.record(at: 2, [.put("a", [1])])
        writes.record(at: 3, [.put("b", [1])])
        writes.record(at: 4, [.put("a", [2]), .delete(.key("b"))])
        writes.record(at: 5, [.put("c", [1])])
        writes.record(at: 6, [.delete(.key("a"))])
        writes.record(at: 7, [.put("a", [3])])
        return writes
    }()

    static func events(_ revision: Revision) -> [WatchEvent] {
        Array(writes.events(from: revision, through: revision))
    }

    /// A watch of everything from the beginning, one message a revision.
    static var good: WatchHistory {
        var options = WatchOptions()
        options.previousPairs = true
        var history = WatchHistory("the watch", .all, from: 2, options: options)
        history.messages = [.created(7)]
        for revision in 2...7 as ClosedRange<Int64> {
            history.messages.append(.events(events(Revision(revision)), header: Revision(revision)))
        }
        history.messages.append(.progress(7))
        return history
    }

    private func broken(_ history: WatchHistory, compacted: Revision = .none) -> [WatchGuarantee] {
        var writes = Self.writes
        writes.compactedRevision = compacted
        return WatchHistoryValidator(writes).violations(in: history).map(\.guarantee)
    }

    private func broken(compacted: Revision = .none, _ bend: (inout WatchHistory) -> Void) -> [WatchGuarantee] {
        var history = Self.good
        bend(&history)
        return broken(history, compacted: compacted)
    }

    /// Changes the events of the message at `index`.
    private func bend(_ index: Int, _ change: (inout [WatchEvent]) -> Void) -> [WatchGuarantee] {
        broken { history in
            guard case .events(var events, let header, let isPart) = history.messages[index] else { return }
            change(&events)
            history.messages[index] = .events(events, header: header, isPart: isPart)
        }
    }

    // MARK: - Good ones

    @Test func aGoodHistoryHasNoViolation() {
        #expect(broken(Self.good).isEmpty)
    }

    @Test func severalRevisionsMayComeInOneMessage() {
        let violations = broken { history in
            history.messages = [.created(7), .events(Self.writes.events, header: 7)]
        }
        #expect(violations.isEmpty)
    }

    @Test func aWatchThatBrokeOffIsOwedNothingMore() {
        let violations = broken { $0.messages.removeSubrange(4...) }
        #expect(violations.isEmpty)
    }

    @Test func aFilteredWatchIsOwedOnlyWhatItAskedFor() {
        var history = Self.good
        history.options.includesPuts = false
        history.options.previousPairs = false
        history.range = .key("b")
        var event = Self.events(4)[1]
        event.previous = nil
        history.messages = [.created(7), .events([event], header: 5), .progress(7)]
        #expect(broken(history).isEmpty)
    }

    @Test func partsAreGoodWhereTheyWereAskedFor() {
        let four = Self.events(4)
        let violations = broken { history in
            history.takesParts = true
            history.messages[3] = .events([four[0]], header: 3, isPart: true)
            history.messages.insert(.events([four[1]], header: 4), at: 4)
        }
        #expect(violations.isEmpty)
    }

    @Test func aPreviousPairMayBeGoneWhereItIsCompacted() {
        func forget(_ history: inout WatchHistory) {
            var events = Self.events(4)
            for index in events.indices { events[index].previous = nil }
            history.messages[3] = .events(events, header: 4)
        }
        #expect(broken(compacted: 4, forget).isEmpty)
        #expect(broken(compacted: 3, forget) == [.previousPair, .previousPair])
    }

    @Test func compactionMayEndAWatchThatIsBehindIt() {
        let violations = broken(compacted: 6) { history in
            history.messages.replaceSubrange(4..., with: [.compacted(6)])
        }
        #expect(violations.isEmpty)
    }

    @Test func aHeaderMayBeAheadWhereNothingElseIsPromised() {
        var validator = WatchHistoryValidator(Self.writes)
        var history = Self.good
        history.messages = [
            .created(7), .events(Self.events(2), header: 7), .events(Self.events(3), header: 7),
        ]
        #expect(validator.violations(in: history).contains { $0.guarantee == .bookmarkable })
        validator.headersAreComplete = false
        #expect(validator.violations(in: history).isEmpty)
    }

    // MARK: - One promise broken

    @Test func revisionsInTheWrongOrderAreNotOrdered() {
        #expect(broken { $0.messages.swapAt(2, 3) }.contains(.ordered))
        var validator = WatchHistoryValidator(Self.writes)
        validator.headersAreComplete = false
        var history = Self.good
        history.messages.swapAt(2, 3)
        #expect(validator.violations(in: history).map(\.guarantee) == [.ordered])
    }

    @Test func stepsOfARevisionInTheWrongOrderAreNotOrdered() {
        #expect(bend(3) { $0.swapAt(0, 1) } == [.ordered])
    }

    @Test func anEventTwiceInAMessageIsNotUnique() {
        #expect(bend(2) { $0.append($0[0]) } == [.unique])
    }

    @Test func aMessageTwiceIsNotUnique() {
        #expect(broken { $0.messages.insert($0.messages[2], at: 3) }.contains(.unique))
    }

    @Test func aRevisionInTwoMessagesIsNotAtomic() {
        let four = Self.events(4)
        let violations = broken { history in
            history.messages[3] = .events([four[0]], header: 3)
            history.messages.insert(.events([four[1]], header: 4), at: 4)
        }
        // A header of 3 cannot bring an event of 4.
        #expect(violations == [.atomic, .bookmarkable])
    }

    @Test func partsUnaskedForAreNotAtomic() {
        let four = Self.events(4)
        let violations = broken { history in
            history.messages[3] = .events([four[0]], header: 3, isPart: true)
            history.messages.insert(.events([four[1]], header: 4), at: 4)
        }
        #expect(violations == [.atomic])
    }

    @Test func aMessageBetweenPartsIsNotAtomic() {
        let four = Self.events(4)
        let violations = broken { history in
            history.takesParts = true
            history.messages[3] = .events([four[0]], header: 3, isPart: true)
            history.messages.insert(contentsOf: [.progress(3), .events([four[1]], header: 4)], at: 4)
        }
        #expect(violations == [.atomic, .atomic])
    }

    @Test func aMissingRevisionIsNotReliable() {
        #expect(broken { $0.messages.remove(at: 4) } == [.reliable])
    }

    @Test func aMissingStepOfARevisionIsNotReliable() {
        #expect(bend(3) { $0.removeLast() } == [.reliable])
    }

    @Test func whatAHeaderOrProgressPromisesMustHaveCome() {
        #expect(broken { $0.messages.remove(at: 6) } == [.reliable])
        #expect(broken { $0.messages[5] = .progress(7) }.contains(.reliable))
    }

    @Test func anotherValueOrAnInventedEventIsNotReliable() {
        let another = KeyValue(key: "b", createRevision: 3, modRevision: 3, version: 1, value: [9])
        #expect(bend(2) { $0[0].pair = another } == [.reliable])
        let invented = KeyValue(key: "x", createRevision: 3, modRevision: 3, version: 1, value: [1])
        #expect(bend(2) { $0.append(WatchEvent(kind: .put, pair: invented)) } == [.reliable])
    }

    @Test func aStartTooLateIsNotResumable() {
        #expect(broken { $0.messages.remove(at: 1) } == [.resumable, .reliable])
    }

    @Test func aStartTooEarlyIsNotResumable() {
        #expect(broken { $0.start = 3 } == [.resumable])
    }

    @Test func anEndForACompactionThatWasNotIsNotResumable() {
        func end(_ history: inout WatchHistory) { history.messages.replaceSubrange(4..., with: [.compacted(6)]) }
        #expect(broken(compacted: 5, end) == [.resumable])
    }

    @Test func anEndForACompactionBehindTheWatchIsNotResumable() {
        #expect(broken(compacted: 7) { $0.messages.replaceSubrange(4..., with: [.compacted(5)]) } == [.resumable])
        let refused = broken(compacted: 7) { $0.messages = [.created(7), .compacted(2)] }
        #expect(refused == [.resumable])
    }

    @Test func anEventBehindABookmarkIsNotBookmarkable() {
        #expect(broken { $0.messages.insert(.progress(3), at: 2) } == [.bookmarkable])
    }

    @Test func aBookmarkOrHeaderThatGoesBackIsNotBookmarkable() {
        #expect(broken { $0.messages.append(.progress(6)) } == [.bookmarkable])
        #expect(broken { $0.messages.append(.events([], header: 6)) } == [.bookmarkable])
    }

    @Test func theSlowestWatchOfAStreamMayBeBehind() {
        #expect(broken { $0.messages.append(.streamProgress(4)) }.isEmpty)
        #expect(broken { $0.messages.insert(.streamProgress(3), at: 2) } == [.bookmarkable])
        #expect(broken { $0.messages[6] = .streamProgress(7) } == [.reliable])
    }

    @Test func aHeaderBehindItsEventsIsNotBookmarkable() {
        #expect(broken { $0.messages[6] = .events(Self.events(7), header: 6) } == [.bookmarkable])
    }

    @Test func anotherPreviousPairBreaksPrevKV() {
        #expect(bend(3) { $0[0].previous = Self.events(3)[0].pair } == [.previousPair])
        #expect(bend(3) { $0[0].previous = nil } == [.previousPair])
        #expect(bend(1) { $0[0].previous = $0[0].pair } == [.previousPair])
    }

    @Test func aPreviousPairUnaskedForBreaksPrevKV() {
        let violations = broken { $0.options.previousPairs = false }
        #expect(violations == [.previousPair, .previousPair, .previousPair])
    }

    @Test func anUpdateThatSaysThatItCreatedBreaksIsCreate() {
        let created = KeyValue(key: "a", createRevision: 4, modRevision: 4, version: 1, value: [2])
        #expect(bend(3) { $0[0].pair = created } == [.isCreate])
        let updated = KeyValue(key: "a", createRevision: 2, modRevision: 7, version: 3, value: [3])
        #expect(bend(6) { $0[0].pair = updated } == [.isCreate])
    }

    @Test func aKeyOutsideTheRangeBreaksFilter() {
        #expect(broken { $0.range = .interval("a", "c") } == [.filter])
    }

    @Test func aKindThatWasFilteredOutBreaksFilter() {
        #expect(broken { $0.options.includesDeletes = false } == [.filter, .filter])
        #expect(broken { $0.options.includesPuts = false }.allSatisfy { $0 == .filter })
    }

    // MARK: - The report

    @Test func aViolationNamesThePromiseAndTheWatch() throws {
        var history = Self.good
        history.messages.remove(at: 4)
        let violation = try #require(WatchHistoryValidator(Self.writes).violations(in: [history]).first)
        #expect(
            violation.description
                == "Reliable is broken on the watch: the put of 'c' at 5 is missing, though 7 was reached"
        )
    }

    @Test func theReportOfAWatchIsBounded() {
        var validator = WatchHistoryValidator(Self.writes)
        validator.maximumViolationsPerWatch = 2
        var history = Self.good
        history.messages.removeSubrange(1...6)
        #expect(validator.violations(in: history).count == 2)
    }
}
