import MeshCore
import Testing

@testable import MeshReplica

@Suite struct FreshReadsTests {
    private typealias Following = FreshReads<Int>.Following

    private static let following = FreshReads<Int>.Following(clusterID: 0xC1, raftTerm: 3, connection: 1)

    /// The machine in a class, because the macros of the tests can't call what changes a value without copies.
    private final class Reads {
        private var machine: FreshReads<Int>

        init(_ machine: consuming FreshReads<Int>) {
            self.machine = machine
        }

        var count: Int { machine.count }
        var nextDeadline: Duration? { machine.nextDeadline }

        func asked(_ id: Int, deadline: Duration = .seconds(5)) -> FreshReads<Int>.AskAction {
            machine.asked(id, id: UInt64(id), deadline: deadline)
        }

        func readDue() -> Bool { machine.readDue() }
        func withdrawn(_ id: Int) -> Int? { machine.withdrawn(UInt64(id)) }
        func timePassed(_ now: Duration) -> [Int] { machine.timePassed(now) }
        func ended() -> [Int] { machine.ended() }
        func followingEnded() { machine.followingEnded() }
        func storeAdvanced(to revision: Revision) -> [Int] { machine.storeAdvanced(to: revision) }
        func failed(_ error: EtcdError) -> [Int] { machine.failed(error) }

        func followingBegan(applied: Revision) -> Bool {
            machine.followingBegan(FreshReadsTests.following, applied: applied)
        }

        func answered(
            _ revision: Revision,
            cluster: UInt64 = 0xC1,
            term: UInt64 = 3,
            connection: Int = 1
        ) -> FreshReads<Int>.AnswerAction {
            let header = ResponseHeader(clusterID: cluster, memberID: 9, revision: revision, raftTerm: term)
            return machine.answered(header, connection: connection)
        }
    }

    private func reads(maximum: Int = 100, needsProgress: Bool = false, applied: Revision? = 10) -> Reads {
        let reads = Reads(FreshReads(maximumWaiters: maximum, needsProgress: needsProgress))
        if let applied { _ = reads.followingBegan(applied: applied) }
        return reads
    }

    @Test func aReadIsFreshAtOnceIfTheStoreIsAsFarAsTheEtcd() {
        let reads = reads()
        #expect(reads.asked(1) == .wake)
        #expect(reads.readDue())
        let action = reads.answered(10)
        #expect(action.fresh == [1])
        #expect(action.abort == nil)
        #expect(!action.requestsProgress)
        #expect(reads.count == 0)
    }

    @Test func aReadWaitsUntilTheStoreIsAsFarAsTheEtcdWas() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        #expect(reads.answered(12).fresh == [])
        #expect(reads.storeAdvanced(to: 11) == [])
        #expect(reads.storeAdvanced(to: 12) == [1])
        #expect(reads.storeAdvanced(to: 13) == [])
    }

    @Test func theStoreMayGetThereBeforeTheAnswer() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        #expect(reads.storeAdvanced(to: 12) == [])
        #expect(reads.answered(12).fresh == [1])
    }

    @Test func whoAsksWhileAReadIsUnderWayWaitsForTheNext() {
        // The read that is under way may have been answered before the later one was asked for.
        let reads = reads()
        _ = reads.asked(1)
        _ = reads.asked(2)
        #expect(reads.readDue())
        #expect(reads.asked(3) == .wait)
        #expect(!reads.readDue())
        #expect(reads.answered(10).fresh == [1, 2])
        #expect(reads.readDue())
        #expect(reads.answered(10).fresh == [3])
        #expect(!reads.readDue())
    }

    @Test func nothingIsSentWhileTheEtcdIsNotFollowed() {
        let reads = reads(applied: nil)
        #expect(reads.asked(1) == .wait)
        #expect(!reads.readDue())
        #expect(reads.followingBegan(applied: 10))
        #expect(reads.readDue())
        #expect(reads.answered(10).fresh == [1])
    }

    @Test func whatWasConfirmedOnALostConnectionIsAskedForAgain() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        #expect(reads.answered(12).fresh == [])
        _ = reads.asked(2)
        #expect(reads.readDue())
        reads.followingEnded()
        // The connection is gone: its last answer is for nobody.
        #expect(reads.failed(EtcdError(.unavailable, "")) == [])
        // Another history, in which revision 12 is something else.
        #expect(reads.storeAdvanced(to: 12) == [])
        #expect(reads.followingBegan(applied: 12))
        #expect(reads.readDue())
        #expect(reads.answered(13).fresh == [])
        #expect(reads.storeAdvanced(to: 13) == [1, 2])
    }

    @Test func theAnswerToAReadFromBeforeAListingIsForNobody() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        reads.followingEnded()
        #expect(!reads.followingBegan(applied: 20), "one read is under way at a time")
        _ = reads.asked(2)
        #expect(reads.answered(20).fresh == [])
        #expect(reads.readDue())
        #expect(reads.answered(20).fresh == [1, 2])
    }

    @Test(
        arguments: [
            (0xC2, 3, 1, 10, FreshReads<Int>.FollowingError.otherStore),
            (0xC1, 2, 1, 10, .termWentBack), (0xC1, 3, 1, 9, .revisionWentBack), (0xC1, 3, 2, 10, .reconnected),
        ] as [(UInt64, UInt64, Int, Int64, FreshReads<Int>.FollowingError)]
    ) func anAnswerOfAnotherHistoryConfirmsNothing(
        cluster: UInt64,
        term: UInt64,
        connection: Int,
        revision: Int64,
        expected: FreshReads<Int>.FollowingError
    ) {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        let action = reads.answered(Revision(revision), cluster: cluster, term: term, connection: connection)
        #expect(action.abort == expected)
        #expect(action.fresh == [])
        // It goes on waiting, for the next connection.
        #expect(reads.count == 1)
        #expect(!reads.readDue())
        #expect(reads.followingBegan(applied: 10))
    }

    @Test func aLaterTermIsTheLeastForTheNextAnswer() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        #expect(reads.answered(10, term: 5).fresh == [1])
        _ = reads.asked(2)
        #expect(reads.readDue())
        #expect(reads.answered(10, term: 4).abort == .termWentBack)
    }

    @Test func asksForProgressIfOnlyPartOfTheChangesIsTold() {
        let reads = reads(needsProgress: true)
        _ = reads.asked(1)
        #expect(reads.readDue())
        #expect(reads.answered(12).requestsProgress)
        #expect(reads.storeAdvanced(to: 12) == [1])
        _ = reads.asked(2)
        #expect(reads.readDue())
        #expect(!reads.answered(12).requestsProgress)
    }

    @Test(arguments: [StatusCode.unavailable, .deadlineExceeded, .cancelled, .resourceExhausted])
    func aPassingFailureIsTriedAgain(code: StatusCode) {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        _ = reads.asked(2)
        #expect(reads.failed(EtcdError(code, "")) == [])
        #expect(reads.readDue())
        #expect(reads.answered(10).fresh == [1, 2])
    }

    @Test func aLastingFailureIsToldToThoseWhoWaitedForTheRead() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        _ = reads.asked(2)
        #expect(reads.failed(.permissionDenied) == [1])
        #expect(reads.readDue())
        #expect(reads.answered(10).fresh == [2])
    }

    @Test func waitsEndWhenTheirTimeIsUpWhateverTheyWaitFor() {
        let reads = reads()
        _ = reads.asked(1, deadline: .seconds(1))
        #expect(reads.readDue())
        _ = reads.answered(12)
        _ = reads.asked(2, deadline: .seconds(2))
        #expect(reads.readDue())
        _ = reads.asked(3, deadline: .seconds(3))
        _ = reads.asked(4, deadline: .seconds(9))
        #expect(reads.nextDeadline == .seconds(1))
        #expect(reads.timePassed(.milliseconds(999)) == [])
        #expect(reads.timePassed(.seconds(1)) == [1])
        #expect(reads.nextDeadline == .seconds(2))
        #expect(reads.timePassed(.seconds(3)).sorted() == [2, 3])
        #expect(reads.nextDeadline == .seconds(9))
        #expect(reads.answered(12).fresh == [])
        #expect(reads.storeAdvanced(to: 12) == [])
        #expect(reads.count == 1)
    }

    @Test func aWithdrawnReadIsResumedOnce() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.withdrawn(1) == 1)
        #expect(reads.withdrawn(1) == nil)
        _ = reads.asked(2)
        #expect(reads.readDue())
        #expect(reads.withdrawn(2) == 2)
        #expect(reads.answered(10).fresh == [])
        #expect(reads.count == 0)
    }

    @Test func refusesMoreThanMayWait() {
        let reads = reads(maximum: 2, applied: nil)
        _ = (reads.asked(1), reads.asked(2))
        #expect(reads.asked(3) == .refuse(.tooManyRequests))
        #expect(reads.withdrawn(1) == 1)
        #expect(reads.asked(4) == .wait)
    }

    @Test func atTheEndNobodyIsLeftWaiting() {
        let reads = reads()
        _ = reads.asked(1)
        #expect(reads.readDue())
        _ = reads.answered(12)
        _ = reads.asked(2)
        #expect(reads.readDue())
        _ = reads.asked(3)
        #expect(reads.ended().sorted() == [1, 2, 3])
        #expect(reads.asked(4) == .refuse(.stopped))
    }
}
