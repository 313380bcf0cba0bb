import MeshCore
import MeshRecords
import Testing

@testable import MeshViews

@Suite("ViewStateMachine")
struct ViewStateMachineTests {
    private typealias Machine = ViewStateMachine<Nodes, Int>

    private func machine(limit: Int = 2) -> Machine {
        Machine(state: Nodes(local: Cluster.athens), maximumPendingChanges: limit)
    }

    /// Publishes a node more, and gives the waiters that are woken.
    @discardableResult
    private func publish(_ name: String, to machine: inout Machine) -> [Machine.Delivery] {
        var nodes = machine.state
        let changes = nodes.apply([set(node(name, in: Cluster.kos), in: Cluster.kos)])
        return machine.publish(nodes, changes)
    }

    private func names(_ answer: Machine.Answer) -> [String]? {
        guard case .deliver(let update) = answer else { return nil }
        return update.changes?.map(\.name)
    }

    @Test func aFollowerTakesASnapshotThenWaits() {
        var machine = machine()
        let id = machine.follow()
        guard case .deliver(let first) = machine.next(id, 1) else {
            Issue.record("no snapshot")
            return
        }
        #expect(first.changes == nil)
        guard case .wait = machine.next(id, 2) else {
            Issue.record("it should wait")
            return
        }
        let woken = publish("n1", to: &machine)
        #expect(woken.map(\.waiter) == [2])
        #expect(woken.first?.update.changes?.map(\.name) == ["n1"])
        // Woken means no longer waiting.
        #expect(publish("n2", to: &machine).isEmpty)
        #expect(names(machine.next(id, 3)) == ["n2"])
    }

    @Test func whatGathersIsTakenTogether() {
        var machine = machine()
        let id = machine.follow()
        _ = machine.next(id, 1)
        publish("n1", to: &machine)
        publish("n2", to: &machine)
        #expect(machine.pendingCounts == [2])
        #expect(names(machine.next(id, 2)) == ["n1", "n2"])
        #expect(machine.pendingCounts == [0])
    }

    @Test func overTheLimitNothingIsKept() {
        var machine = machine()
        let id = machine.follow()
        _ = machine.next(id, 1)
        for name in ["n1", "n2", "n3", "n4"] {
            publish(name, to: &machine)
            #expect(machine.pendingCounts[0] <= 2)
        }
        #expect(machine.pendingCounts == [0])
        guard case .deliver(let update) = machine.next(id, 2) else {
            Issue.record("nothing delivered")
            return
        }
        #expect(update.changes == nil)
        #expect(update.state.count == 4)
    }

    @Test func aFollowerThatNeverTookAnythingKeepsNothing() {
        var machine = machine()
        _ = machine.follow()
        publish("n1", to: &machine)
        #expect(machine.pendingCounts == [0])
    }

    @Test func publishingTheSameAgainWakesNobody() {
        var machine = machine()
        let id = machine.follow()
        _ = machine.next(id, 1)
        _ = machine.next(id, 2)
        #expect(machine.publish(machine.state, []).isEmpty)
        #expect(machine.waitingCount == 1)
    }

    @Test func aSecondQuestionEndsAtOnce() {
        var machine = machine()
        let id = machine.follow()
        _ = machine.next(id, 1)
        _ = machine.next(id, 2)
        guard case .end = machine.next(id, 3) else {
            Issue.record("two waiters for one follower")
            return
        }
        #expect(publish("n1", to: &machine).map(\.waiter) == [2])
    }

    @Test func stoppingGivesTheWaiterBackOnce() {
        var machine = machine()
        let id = machine.follow()
        _ = machine.next(id, 1)
        #expect(machine.stopWaiting(id) == nil)
        _ = machine.next(id, 2)
        #expect(machine.stopWaiting(id) == 2)
        #expect(machine.stopWaiting(id) == nil)
        #expect(publish("n1", to: &machine).isEmpty)
    }

    @Test func finishingWakesAllAndEndsAfterTheLastNews() {
        var machine = machine()
        let waiting = machine.follow()
        let late = machine.follow()
        for id in [waiting, late] { _ = machine.next(id, 1) }
        publish("n1", to: &machine)
        _ = machine.next(waiting, 2)
        _ = machine.next(waiting, 3)
        #expect(machine.finish() == [3])
        #expect(names(machine.next(late, 4)) == ["n1"])
        for id in [waiting, late] {
            guard case .end = machine.next(id, 5) else {
                Issue.record("it should end")
                return
            }
        }
    }

    @Test func whoIsGoneIsForgotten() {
        var machine = machine()
        let id = machine.follow()
        machine.unfollow(id)
        #expect(machine.followerCount == 0)
        guard case .end = machine.next(id, 1) else {
            Issue.record("it should end")
            return
        }
        #expect(machine.followerCount == 0)
    }
}
