import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

/// The groups of a session, and the orders of events that shard, client and store can bring about.
@Suite struct WatchSessionGroupTests {
    private let session = SessionFixture.session()

    private func request(_ range: KeyRange, from start: Revision = .none) -> WatchCreateRequest {
        WatchCreateRequest(range, from: start)
    }

    /// A message as a test compares it: the watch, the header's revision, and the events' revisions.
    private struct Told: Equatable {
        var watch: Int64
        var header: Int64
        var events: [Int64]

        init(_ watch: Int64, _ header: Int64, _ events: [Int64]) {
            self.watch = watch
            self.header = header
            self.events = events
        }

        init(_ message: WatchMessage) {
            let events = message.events.map { slice in
                slice.events.map { slice.segment.revision(ofEvent: $0).rawValue }
            }
            self.init(message.head.watchID, message.head.header.revision.rawValue, events ?? [])
        }
    }

    private func told(store: Revision) -> [Told] { session.messages(store: store).map(Told.init) }

    // MARK: - Groups

    @Test func watchesWithTheSameSubscriptionAreOneGroupThatEndsWithTheLast() throws {
        for _ in 0..<3 { _ = try session.make(.all(), store: 7) }
        _ = try session.make(request(.key("a")), store: 7)
        #expect(session.groups.map(\.subscription.range) == [.all, .key("a")])
        for id in 0..<2 { _ = session.cancelRequested(Int64(id), store: 7) }
        #expect(session.groups.count == 2)
        _ = session.cancelRequested(2, store: 7)
        #expect(session.groups.map(\.subscription.range) == [.key("a")])
    }

    @Test func differentOptionsAreDifferentSubscriptions() throws {
        var options = WatchOptions()
        options.previousPairs = true
        _ = try session.make(.all(), store: 7)
        _ = try session.make(WatchCreateRequest(.all, options: options), store: 7)
        #expect(session.groups.count == 2)
    }

    @Test func aRoundBringsTheSameEventsToEveryMember() throws {
        for _ in 0..<3 { _ = try session.make(.all(), store: 7) }
        session.announce([8, 9], first: 8, last: 10)
        #expect(told(store: 10) == (0..<3).map { Told($0, 10, [8, 9]) })
    }

    @Test func aCommitThatConcernsNobodyCausesNothing() throws {
        for _ in 0..<3 { _ = try session.make(.all(), store: 7) }
        for revision in 8...20 { #expect(session.next(store: Revision(Int64(revision))).isIdle) }
        #expect(session.syncRequests == 0)
    }

    @Test func whatGathersInARoundIsReadAtItsEndAsOne() throws {
        for _ in 0..<2 { _ = try session.make(.all(), store: 7) }
        session.announce([8], first: 8, last: 8)
        #expect(Told(try session.next(store: 8).sent) == Told(0, 8, [8]))
        for revision: Int64 in 9...11 { session.announce([revision], first: revision, last: revision) }
        #expect(Told(try session.next(store: 11).sent) == Told(1, 8, [8]))
        let read = try session.next(store: 11).read
        #expect(read.next == 9 && read.watchID == nil && read.subscription.range == .all)
        #expect(session.readFinished(.events(SessionFixture.slice([9, 10, 11], first: 9, last: 12))) == nil)
        #expect(told(store: 12) == [Told(0, 12, [9, 10, 11]), Told(1, 12, [9, 10, 11])])
    }

    @Test func anAnnouncementThatTheGroupHasReadAlreadyIsNotSentAgain() throws {
        _ = try session.make(.all(), store: 7)
        session.announce(nil, through: 9)
        _ = try session.next(store: 12).read
        _ = session.readFinished(.events(SessionFixture.slice([8, 12], first: 8, last: 12)))
        #expect(told(store: 12) == [Told(0, 12, [8, 12])])
        session.announce([10, 12], first: 10, last: 12)
        #expect(session.next(store: 12).isIdle)
        session.announce([12, 13], first: 11, last: 13)
        #expect(told(store: 13) == [Told(0, 13, [13])])
    }

    @Test func whatACutSegmentLeavesOverIsRead() throws {
        _ = try session.make(.all(), store: 7)
        session.announce([8], first: 8, last: 9, through: 30)
        #expect(Told(try session.next(store: 30).sent) == Told(0, 9, [8]))
        #expect(try session.next(store: 30).read.next == 10)
        #expect(session.readFinished(.nothing(upTo: 20)) == nil)
        #expect(try session.next(store: 30).read.next == 21)
        #expect(session.readFinished(.nothing(upTo: 30)) == nil)
        #expect(session.next(store: 30).isIdle)
    }

    // MARK: - A watch is made while a sweep is between matching and announcing

    @Test func anAnnouncementThatWasOnItsWayWhenTheGroupJoinedReachesIt() throws {
        // Matched up to 9, and not announced yet, when the watch of a store at 9 joins.
        session.announcedAtJoin = 7
        _ = try session.make(.all(), store: 9)
        session.announce([8, 9], first: 8, last: 9)
        #expect(told(store: 9) == [])
        session.announce([10], first: 10, last: 10)
        #expect(told(store: 10) == [Told(0, 10, [10])])
    }

    @Test func whatWasAnnouncedBeforeTheGroupJoinedIsReadByTheWatchItself() throws {
        // The store was at 7 when the client asked, and the shard has announced more since.
        session.announcedAtJoin = 9
        _ = try session.make(.all(), store: 7)
        let read = try session.next(store: 9).read
        #expect(read.next == 8 && read.watchID == 0)
        let message = try #require(session.readFinished(.events(SessionFixture.slice([8, 9], first: 8, last: 9))))
        #expect(Told(message) == Told(0, 9, [8, 9]))
        session.announce([10], first: 10, last: 10)
        #expect(told(store: 10) == [Told(0, 10, [10])])
    }

    @Test func aNewMemberOfAnOldGroupIsNotSentWhatWasBeforeIt() throws {
        _ = try session.make(.all(), store: 7)
        // 8 and 9 are committed, the second watch is made, and only then they are announced.
        _ = try session.make(.all(), store: 9)
        session.announce([8, 9, 10], first: 8, last: 10)
        #expect(told(store: 10) == [Told(0, 10, [8, 9, 10]), Told(1, 10, [10])])
    }

    // MARK: - Joining in the middle of a round

    @Test func aWatchThatCatchesUpInTheMiddleOfARoundGetsOnlyWhatItLacks() throws {
        for _ in 0..<3 { _ = try session.make(.all(), store: 7) }
        _ = try session.make(.all(from: 3), store: 7)
        let read = try session.next(store: 7).read
        #expect(read.watchID == 3)
        session.announce([8, 10], first: 8, last: 10)
        // It has read up to 9, which is inside of what the round brings.
        let message = try #require(session.readFinished(.events(SessionFixture.slice([3, 8], first: 3, last: 9))))
        #expect(Told(message) == Told(3, 9, [3, 8]))
        #expect(told(store: 10) == (0..<3).map { Told($0, 10, [8, 10]) } + [Told(3, 10, [10])])
    }

    @Test func aWatchThatIsAheadOfARoundTakesNoPartInIt() throws {
        for _ in 0..<2 { _ = try session.make(.all(), store: 7) }
        session.announce([8, 9], first: 8, last: 9)
        #expect(Told(try session.next(store: 9).sent).watch == 0)
        _ = session.createRequested(.all(), store: 9)
        _ = session.createRequested(.all(from: 20), store: 9)
        #expect(told(store: 9).filter { !$0.events.isEmpty } == [Told(1, 9, [8, 9])])
        session.announce([10], first: 10, last: 10)
        #expect(Set(told(store: 10).map(\.watch)) == [0, 1, 2])
        session.announce([20], first: 11, last: 20)
        #expect(Set(told(store: 20).map(\.watch)) == [0, 1, 2, 3])
    }

    @Test func aWatchBehindTheRoundGoesOnReading() throws {
        _ = try session.make(.all(), store: 20)
        _ = try session.make(.all(from: 3), store: 20)
        session.announce([21], first: 21, last: 21)
        #expect(try session.next(store: 21).read.next == 3)
        #expect(session.readFinished(.events(SessionFixture.slice([4], first: 3, last: 10))) != nil)
        #expect(Told(try session.next(store: 21).sent) == Told(0, 21, [21]))
        #expect(try session.next(store: 21).read.next == 11)
        let message = try #require(session.readFinished(.events(SessionFixture.slice([21], first: 11, last: 21))))
        #expect(Told(message) == Told(1, 21, [21]))
        #expect(session.next(store: 21).isIdle)
    }

    // MARK: - A group is left and joined again

    @Test func anAnnouncementToAFormerGroupReachesNobody() throws {
        _ = try session.make(.all(), store: 7)
        let former = session.groups[0].id
        _ = session.cancelRequested(0, store: 9)
        _ = session.createRequested(.all(), store: 9)
        let present = session.groups[0].id
        #expect(present > former)
        session.announce([8, 9], first: 8, last: 9, to: former)
        #expect(told(store: 9).allSatisfy { $0.events.isEmpty })
        session.announce([10], first: 10, last: 10, to: present)
        #expect(told(store: 10) == [Told(1, 10, [10])])
    }

    // MARK: - A paced subscription

    @Test func aWatchThatJoinsAPacedSubscriptionGetsItsEventsFromItsOwnStartOn() throws {
        // 8 and 9 are pending at the shard when the watch is made.
        session.announcedAtJoin = 7
        _ = try session.make(.all(), store: 9)
        _ = try session.make(.all(from: 9), store: 9)
        #expect(try session.next(store: 9).read.next == 9)
        let message = try #require(session.readFinished(.events(SessionFixture.slice([9], first: 9, last: 9))))
        #expect(Told(message) == Told(1, 9, [9]))
        session.announce([8, 9, 11], first: 8, last: 12)
        #expect(told(store: 12) == [Told(0, 12, [11]), Told(1, 12, [11])])
    }

    @Test func progressWaitsForPendingEvents() throws {
        session.syncsByItself = false
        _ = try session.make(.all(), store: 7)
        _ = session.progressRequested(store: 9)
        #expect(session.next(store: 9).isIdle)
        // 8 is pending.
        session.sync(through: 7)
        #expect(session.next(store: 9).isIdle)
        #expect(session.syncRequests == 1)
        session.announce([8], first: 8, last: 9)
        session.sync(through: 9)
        #expect(told(store: 9) == [Told(0, 9, [8]), Told(-1, 9, [])])
    }

    @Test func aSumThatDoesNotCountTheLastGroupIsNotEnough() throws {
        session.syncsByItself = false
        _ = try session.make(.all(), store: 7)
        _ = session.progressRequested(store: 9)
        let counted = session.newestGroup
        // The shard has summed up; then a group joins whose subscription has 8 pending.
        session.announcedAtJoin = 7
        _ = try session.make(.all(from: 8, id: 5), store: 9)
        var other = request(.key("a"), from: 8)
        other.watchID = 6
        _ = session.createRequested(other, store: 9)
        session.sync(through: 9, groupsUpTo: counted)
        #expect(session.isSyncRequested && session.syncRequests == 2)
        #expect(try session.next(store: 9).sent.head.created)
        for _ in 0..<2 { try session.readNothing(store: 9) }
        #expect(session.next(store: 9).isIdle)
        session.sync(through: 9)
        #expect(told(store: 9) == [Told(-1, 9, [])])
    }

    @Test func progressThatWasAskedForBeforeThereWasAGroupWaitsForOne() throws {
        session.syncsByItself = false
        _ = session.createRequested(.all(), store: 9)
        _ = session.cancelRequested(0, store: 9)
        _ = session.progressRequested(store: 9)
        #expect(session.syncRequests == 0)
        // The answers to the first watch are still to be sent.
        session.announcedAtJoin = 7
        _ = session.createRequested(.all(), store: 9)
        #expect(session.isSyncRequested)
        #expect(told(store: 9).map(\.watch) == [0, 0, 1])
        session.announce([8, 9], first: 8, last: 9)
        session.sync(through: 9)
        #expect(told(store: 9) == [Told(-1, 9, [])])
    }

    @Test func aLaterSumThatIsLowerDoesNotTakeBackWhatWasTold() throws {
        session.syncsByItself = false
        _ = try session.make(.all(), store: 7)
        _ = session.progressRequested(store: 90)
        session.sync(through: 90)
        #expect(told(store: 90) == [Told(-1, 90, [])])
        _ = try session.make(request(.key("a")), store: 90)
        _ = session.progressRequested(store: 91)
        session.sync(through: 80)
        _ = session.cancelRequested(0, store: 91)
        #expect(told(store: 91) == [Told(0, 90, [])])
    }

    // MARK: - In the middle of a round

    @Test func aWatchThatIsCancelledBeforeItsTurnGetsNoneAndTheOthersGoOn() throws {
        for _ in 0..<4 { _ = try session.make(.all(), store: 7) }
        session.announce([8], first: 8, last: 8)
        #expect(Told(try session.next(store: 8).sent).watch == 0)
        // The one whose turn it is, the last one, and one that has had its turn.
        for id: Int64 in [1, 3, 0] { _ = session.cancelRequested(id, store: 8) }
        #expect(told(store: 8) == [Told(1, 7, []), Told(3, 7, []), Told(0, 8, []), Told(2, 8, [8])])
    }

    @Test func theLastCancelEndsTheRound() throws {
        for _ in 0..<2 { _ = try session.make(.all(), store: 7) }
        session.announce([8], first: 8, last: 8)
        _ = session.cancelRequested(0, store: 8)
        _ = session.cancelRequested(1, store: 8)
        #expect(told(store: 8) == [Told(0, 7, []), Told(1, 7, [])])
        #expect(session.heldParts == 0)
    }

    @Test func aPreparedMessageOfARoundIsNotSentToAWatchThatLosesAccess() throws {
        for _ in 0..<3 { _ = try session.make(.all(), store: 7) }
        session.announce([8, 9], first: 8, last: 9)
        #expect(Told(try session.next(store: 9).sent).watch == 0)
        let prepared = try session.next(store: 9).sent
        #expect(Told(prepared).watch == 1)
        let action = session.accessChanged(to: [], prepared: prepared, store: 9)
        #expect(action.sends && action.dropsPrepared)
        // The first had its message; the second's is dropped; the third's turn had not come.
        #expect(told(store: 9) == [Told(0, 9, []), Told(1, 7, []), Told(2, 7, [])])
        #expect(session.heldParts == 0)
    }

    @Test func aPreparedMessageOfARoundIsSentToAWatchThatItsClientCancels() throws {
        for _ in 0..<2 { _ = try session.make(.all(), store: 7) }
        session.announce([8], first: 8, last: 8)
        _ = try session.next(store: 8).sent
        let prepared = try session.next(store: 8).sent
        _ = session.cancelRequested(1, store: 8)
        #expect(Told(prepared) == Told(1, 8, [8]))
        // Its end says that it was sent.
        #expect(told(store: 8) == [Told(1, 8, [])])
    }

    // MARK: - Compaction

    @Test func aGroupThatFallsBehindCompactionInARoundIsCancelledWatchByWatch() throws {
        for _ in 0..<2 { _ = try session.make(.all(), store: 7) }
        session.announce([8], first: 8, last: 8)
        #expect(Told(try session.next(store: 8).sent).watch == 0)
        session.announce(nil, through: 40)
        _ = try session.make(.all(from: 50), store: 40)
        #expect(Told(try session.next(store: 40).sent) == Told(1, 8, [8]))
        #expect(try session.next(store: 40).read.next == 9)
        #expect(session.readFinished(.compacted(30)) == nil)
        let ends = session.messages(store: 40)
        #expect(ends.map(Told.init) == [Told(0, 8, []), Told(1, 8, [])])
        #expect(ends.allSatisfy { $0.head.canceled && $0.head.compactRevision == 30 })
        // The watch of the future lacks nothing; the group goes on where history begins now.
        #expect(session.watchCount == 1)
    }

    @Test func aGroupGoesOnBehindACompactionForAWatchOfTheFuture() throws {
        _ = try session.make(.all(), store: 7)
        _ = try session.make(.all(from: 35), store: 7)
        session.announce(nil, through: 40)
        _ = try session.next(store: 40).read
        _ = session.readFinished(.compacted(30))
        #expect(try session.next(store: 40).sent.head.canceled)
        #expect(try session.next(store: 40).read.next == 30)
        _ = session.readFinished(.events(SessionFixture.slice([31, 36], first: 30, last: 40)))
        #expect(told(store: 40) == [Told(1, 40, [36])])
    }

    @Test func anIdleGroupOutlivesACompaction() throws {
        _ = try session.make(.all(), store: 7)
        // Nothing of interest happened until 90, and history begins at 80.
        session.announce([91], first: 91, last: 91)
        #expect(told(store: 91) == [Told(0, 91, [91])])
    }

    // MARK: - Another history

    @Test func whatIsLeftOfAFormerHistoryReachesNobody() throws {
        session.syncsByItself = false
        _ = try session.make(.all(), store: 50)
        let former = session.groups[0].id
        session.announce([51], first: 51, last: 51)
        _ = session.progressRequested(store: 51)
        var header = SessionFixture.header(9)
        header.raftTerm = 2
        session.historyObserved(header, of: 2, firstWatchable: 10)
        #expect(told(store: 9) == [Told(0, 50, []), Told(-1, 9, [])])
        _ = try session.make(.all(), store: 9)
        session.announce([52], first: 52, last: 52, to: former)
        session.sync(through: 52, groupsUpTo: former)
        _ = session.progressRequested(store: 9)
        #expect(session.next(store: 9).isIdle)
        session.announce([10], first: 10, last: 10)
        session.sync(through: 10)
        // The events are behind what was asked for, and so come after the answer.
        #expect(told(store: 10) == [Told(-1, 9, []), Told(1, 10, [10])])
    }
}
