import MeshCore
import TestSupport
import Testing

@testable import MeshLocalAPI

@Suite struct KeepAliveStateMachineTests {
    private func answer(_ lease: LeaseID) -> LeaseKeepAliveAnswer {
        LeaseKeepAliveAnswer(revision: 1, id: lease, ttl: 10)
    }

    /// Does all renewals that wait.
    private func renew(_ machine: inout KeepAliveStateMachine) {
        machine.renewed(machine.takeRequests().map(answer))
    }

    @Test func aRenewalIsAnsweredOnce() {
        var machine = KeepAliveStateMachine(maximumPending: 4)
        #expect(machine.next() == .idle)
        #expect(machine.renewalRequested(LeaseID(7)) == .continueReading)
        #expect(machine.next() == .idle)
        #expect(machine.takeRequests() == [LeaseID(7)])
        #expect(machine.takeRequests().isEmpty)
        #expect(machine.next() == .idle)
        machine.renewed([answer(LeaseID(7))])
        #expect(machine.next() == .send(answer(LeaseID(7)), moreFollows: false, resumesReading: false))
        #expect(machine.next() == .idle)
    }

    @Test func answersComeInTheOrderOfTheRequestsAndSayWhetherMoreFollows() {
        var machine = KeepAliveStateMachine(maximumPending: 8)
        for number in 1...3 { _ = machine.renewalRequested(LeaseID(Int64(number))) }
        renew(&machine)
        #expect(machine.next() == .send(answer(LeaseID(1)), moreFollows: true, resumesReading: false))
        _ = machine.renewalRequested(LeaseID(4))
        #expect(machine.next() == .send(answer(LeaseID(2)), moreFollows: true, resumesReading: false))
        // The fourth is not renewed yet: nothing is promised behind the third.
        #expect(machine.next() == .send(answer(LeaseID(3)), moreFollows: false, resumesReading: false))
        #expect(machine.next() == .idle)
        renew(&machine)
        #expect(machine.next() == .send(answer(LeaseID(4)), moreFollows: false, resumesReading: false))
    }

    @Test func readingPausesAtTheBoundAndResumesAtHalf() {
        var machine = KeepAliveStateMachine(maximumPending: 4)
        for number in 1...3 { #expect(machine.renewalRequested(LeaseID(Int64(number))) == .continueReading) }
        #expect(machine.renewalRequested(LeaseID(4)) == .pauseReading)
        renew(&machine)
        #expect(machine.next() == .send(answer(LeaseID(1)), moreFollows: true, resumesReading: false))
        #expect(machine.next() == .send(answer(LeaseID(2)), moreFollows: true, resumesReading: true))
        #expect(machine.renewalRequested(LeaseID(5)) == .continueReading)
        #expect(machine.next() == .send(answer(LeaseID(3)), moreFollows: true, resumesReading: false))
        #expect(machine.next() == .send(answer(LeaseID(4)), moreFollows: false, resumesReading: false))
    }

    @Test func renewalsUnderWayCountAgainstTheBound() {
        var machine = KeepAliveStateMachine(maximumPending: 2)
        #expect(machine.renewalRequested(LeaseID(1)) == .continueReading)
        #expect(machine.takeRequests() == [LeaseID(1)])
        #expect(machine.renewalRequested(LeaseID(2)) == .pauseReading)
        machine.renewed([answer(LeaseID(1))])
        // One waits still: half of two.
        #expect(machine.next() == .send(answer(LeaseID(1)), moreFollows: false, resumesReading: true))
    }

    @Test func aBoundOfOneTakesTurns() {
        var machine = KeepAliveStateMachine(maximumPending: 1)
        for _ in 0..<3 {
            #expect(machine.renewalRequested(LeaseID(1)) == .pauseReading)
            renew(&machine)
            #expect(machine.next() == .send(answer(LeaseID(1)), moreFollows: false, resumesReading: true))
        }
    }

    @Test func theStreamEndsWhenEverythingIsAnsweredAndNothingWillBeAsked() {
        var machine = KeepAliveStateMachine(maximumPending: 4)
        _ = machine.renewalRequested(LeaseID(1))
        machine.clientFinished()
        #expect(machine.next() == .idle)
        let taken = machine.takeRequests()
        #expect(machine.next() == .idle)
        machine.renewed(taken.map(answer))
        #expect(machine.next() == .send(answer(LeaseID(1)), moreFollows: false, resumesReading: false))
        #expect(machine.next() == .finish)

        var silent = KeepAliveStateMachine(maximumPending: 4)
        silent.clientFinished()
        #expect(silent.next() == .finish)
    }

    /// Whatever the order of events: every request is answered once and in order, never more than the bound are
    /// pending while reading is paused, and reading is always resumed.
    @Test func randomEventsLoseNothing() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<200 {
                let bound = Int.random(in: 1...9, using: &numbers)
                var machine = KeepAliveStateMachine(maximumPending: bound)
                var (asked, answered) = (Int64(0), Int64(0))
                var isPaused = false
                var underWay: [LeaseID] = []
                for _ in 0..<200 {
                    switch Int.random(in: 0..<4, using: &numbers) {
                    case 0 where !isPaused:
                        asked += 1
                        isPaused = machine.renewalRequested(LeaseID(asked)) == .pauseReading
                    case 1:
                        machine.renewed(underWay.map(answer))
                        underWay = machine.takeRequests()
                    default:
                        guard case .send(let sent, _, let resumes) = machine.next() else { continue }
                        answered += 1
                        #expect(sent.id == LeaseID(answered))
                        if resumes {
                            #expect(isPaused)
                            isPaused = false
                        }
                    }
                    #expect(asked - answered <= Int64(bound))
                }
                machine.clientFinished()
                machine.renewed(underWay.map(answer))
                renew(&machine)
                while case .send(let sent, _, _) = machine.next() {
                    answered += 1
                    #expect(sent.id == LeaseID(answered))
                }
                #expect(answered == asked)
                #expect(machine.next() == .finish)
            }
        }
    }
}
