import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(1))) struct MeshRPCCallQueueTests {
    private typealias Machine = CallQueueStateMachine<String, Int>

    private func text(_ delivery: Machine.Delivery?) -> String {
        delivery.map { "\($0.consumer) gets \($0.call ?? "the end")" } ?? "nothing"
    }

    @Test func callsAreGivenOutInOrderUpToTheLimit() {
        var machine = Machine(maximumRunning: 2)
        #expect(text(machine.enqueued("a")) == "nothing")
        #expect(text(machine.nextRequested(by: 1)) == "1 gets a")
        #expect(text(machine.nextRequested(by: 2)) == "nothing")
        #expect(text(machine.enqueued("b")) == "2 gets b")
        #expect(text(machine.nextRequested(by: 3)) == "nothing")
        #expect(text(machine.enqueued("c")) == "nothing")
        #expect(text(machine.callFinished()) == "3 gets c")
        #expect(text(machine.callFinished()) == "nothing")
    }

    @Test func aClosedQueueGivesOutWhatItHas() {
        var machine = Machine(maximumRunning: 2)
        _ = machine.enqueued("a")
        #expect(text(machine.closed()) == "nothing")
        #expect(text(machine.nextRequested(by: 1)) == "1 gets a")
        #expect(text(machine.nextRequested(by: 2)) == "2 gets the end")
        #expect(text(machine.nextRequested(by: 3)) == "3 gets the end")
    }

    @Test func closingTellsWhoWaits() {
        var machine = Machine(maximumRunning: 1)
        #expect(text(machine.nextRequested(by: 1)) == "nothing")
        #expect(text(machine.closed()) == "1 gets the end")
    }

    @Test func anEmptiedQueueGivesOutNothing() {
        var machine = Machine(maximumRunning: 1)
        _ = machine.enqueued("a")
        _ = machine.enqueued("b")
        #expect(machine.emptied() == ["a", "b"])
        #expect(machine.emptied() == [])
        #expect(text(machine.nextRequested(by: 1)) == "nothing")
    }

    @Test func aConsumerThatGivesUpGetsNothing() {
        var machine = Machine(maximumRunning: 1)
        #expect(text(machine.consumerCancelled()) == "nothing")
        #expect(text(machine.nextRequested(by: 1)) == "nothing")
        #expect(text(machine.consumerCancelled()) == "1 gets the end")
        #expect(text(machine.enqueued("a")) == "nothing")
        #expect(text(machine.nextRequested(by: 2)) == "2 gets a")
    }

    @Test func aTaskThatWaitsForACallCanBeCancelled() async throws {
        let queue = CallQueue<Int>(maximumRunning: 1)
        try await within(.seconds(10)) {
            await withTaskGroup(of: Int?.self) { group in
                group.addTask { await queue.next() }
                group.cancelAll()
                #expect(await group.next() == .some(nil))
            }
            queue.enqueue(7)
            #expect(await queue.next() == 7)
            queue.close()
            queue.finished()
            #expect(await queue.next() == nil)
        }
    }
}
