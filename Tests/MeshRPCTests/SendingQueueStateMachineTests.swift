import Testing

@testable import MeshRPC

@Suite struct SendingQueueStateMachineTests {
    private typealias Machine = SendingQueueStateMachine<String, String>

    private final class Owner {}

    private let owners = (0..<4).map { _ in Owner() }
    private let start = ContinuousClock.now

    private func id(_ number: Int) -> ObjectIdentifier { ObjectIdentifier(owners[number]) }

    /// What the thread finds at a time: what it is to fire, to do, or until when to rest.
    private func look(_ machine: inout Machine, after time: Duration = .zero) -> Found {
        var taken: [String] = []
        switch machine.looked(taking: &taken, now: { start + time }) {
        case .fire(let due): return .fire(due)
        case .perform: return .perform(taken)
        case .rest(let time): return .rest(until: time.map { start.duration(to: $0) })
        }
    }

    private func append(_ name: String, to machine: inout Machine) -> Bool {
        machine.appended(name)
    }

    private func setTimer(
        _ machine: inout Machine, _ name: String, of owner: ObjectIdentifier, at due: ContinuousClock.Instant
    ) -> Bool {
        machine.timerSet(name, of: owner, at: due)
    }

    private enum Found: Equatable {
        case fire([String])
        case perform([String])
        case rest(until: Duration?)
    }

    @Test func workIsTakenInTheOrderInWhichItCame() {
        var machine = Machine()
        for name in ["a", "b", "c"] { _ = machine.appended(name) }
        #expect(look(&machine) == .perform(["a", "b", "c"]))
        #expect(look(&machine) == .rest(until: nil))
    }

    @Test func aRestingThreadIsWokenOnceForAllThatComesUntilItLooks() {
        var machine = Machine()
        #expect(look(&machine) == .rest(until: nil))
        #expect(append("a", to: &machine))
        #expect(!append("b", to: &machine))
        #expect(look(&machine) == .perform(["a", "b"]))
        // It looks again before it rests.
        #expect(!append("c", to: &machine))
        #expect(look(&machine) == .perform(["c"]))
        #expect(look(&machine) == .rest(until: nil))
        #expect(append("d", to: &machine))
    }

    @Test func theThreadRestsUntilTheFirstTimer() {
        var machine = Machine()
        #expect(setTimer(&machine, "late", of: id(0), at: start + .seconds(2)))
        #expect(look(&machine) == .rest(until: .seconds(2)))
        #expect(!setTimer(&machine, "later", of: id(1), at: start + .seconds(3)), "it is not woken for a later one")
        #expect(setTimer(&machine, "soon", of: id(2), at: start + .seconds(1)), "it must learn of the earlier one")
        #expect(look(&machine) == .rest(until: .seconds(1)))
        #expect(look(&machine, after: .milliseconds(2500)) == .fire(["soon", "late"]))
        #expect(look(&machine, after: .milliseconds(2500)) == .rest(until: .seconds(3)))
    }

    @Test func theEarliestTimeOfAnOwnerCounts() {
        var machine = Machine()
        _ = machine.timerSet("a", of: id(0), at: start + .seconds(2))
        _ = machine.timerSet("a", of: id(0), at: start + .seconds(5))
        #expect(look(&machine) == .rest(until: .seconds(2)))
        _ = machine.timerSet("a", of: id(0), at: start + .seconds(1))
        #expect(look(&machine) == .rest(until: .seconds(1)))
        #expect(look(&machine, after: .seconds(9)) == .fire(["a"]), "there is one timer")
        #expect(look(&machine, after: .seconds(9)) == .rest(until: nil))
    }

    @Test func timersOfOneTimeFireInTheOrderInWhichTheyWereSet() {
        var machine = Machine()
        for (number, name) in ["a", "b", "c"].enumerated() {
            _ = machine.timerSet(name, of: id(number), at: start + .seconds(1))
        }
        #expect(look(&machine, after: .seconds(1)) == .fire(["a", "b", "c"]))
    }

    @Test func aCancelledTimerDoesNotFire() {
        var machine = Machine()
        _ = machine.timerSet("a", of: id(0), at: start + .seconds(1))
        _ = machine.timerSet("b", of: id(1), at: start + .seconds(2))
        machine.timerCancelled(of: id(0))
        machine.timerCancelled(of: id(3))
        #expect(look(&machine, after: .seconds(1)) == .rest(until: .seconds(2)))
        #expect(look(&machine, after: .seconds(2)) == .fire(["b"]))
    }

    @Test func whatIsDueHasItsTurnAlsoWhereWorkNeverEnds() {
        var machine = Machine()
        _ = machine.timerSet("timed", of: id(0), at: start + .seconds(1))
        _ = machine.appended("a")
        #expect(look(&machine) == .perform(["a"]))
        _ = machine.appended("b")
        #expect(look(&machine, after: .seconds(1)) == .fire(["timed"]))
        _ = machine.appended("timed")
        #expect(look(&machine, after: .seconds(1)) == .perform(["b", "timed"]))
    }

    @Test func theTimeIsAskedForOnlyWhereThereIsATimer() {
        var machine = Machine()
        var taken: [String] = []
        var asked = 0
        func now() -> ContinuousClock.Instant {
            asked += 1
            return start
        }
        _ = machine.appended("a")
        _ = machine.looked(taking: &taken, now: now)
        _ = machine.looked(taking: &taken, now: now)
        #expect(asked == 0)
        _ = machine.timerSet("b", of: id(0), at: start + .seconds(1))
        _ = machine.looked(taking: &taken, now: now)
        #expect(asked == 1)
    }
}
