import MeshCore
import Testing

@testable import MeshRPC

@Suite struct MeshRPCServerStreamStateMachineTests {
    private let status = RPCStatus(.aborted, "enough")

    @Test func oneMessageIsOnItsWayAtATime() {
        var machine = ServerStreamStateMachine()
        #expect(machine.mayAsk)
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(!machine.mayAsk)
        #expect(machine.sendCompleted(success: true) == .ask)
        #expect(machine.mayAsk)
        #expect(machine.answered(.idle) == .none)
        #expect(machine.mayAsk)
    }

    @Test func aMessageThatWasPromisedMustFollow() {
        var machine = ServerStreamStateMachine()
        #expect(machine.answered(.send(moreFollows: true)) == .sendMessage(moreFollows: true))
        #expect(machine.sendCompleted(success: true) == .ask)
        guard case .sendStatus(let status) = machine.answered(.idle) else {
            Issue.record("the stream stays stuck")
            return
        }
        #expect(status.code == .internalError)
        #expect(!machine.mayAsk)
    }

    @Test func aPromiseIsKeptByAMessageOrAnEnd() {
        var machine = ServerStreamStateMachine()
        #expect(machine.answered(.send(moreFollows: true)) == .sendMessage(moreFollows: true))
        #expect(machine.sendCompleted(success: true) == .ask)
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(machine.sendCompleted(success: true) == .ask)
        #expect(machine.answered(.idle) == .none)
        #expect(machine.answered(.finish(status)) == .sendStatus(status))
        #expect(!machine.mayAsk)
    }

    @Test func anEndFollowsTheMessageThatIsOnItsWay() {
        var machine = ServerStreamStateMachine()
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(machine.endRequested(status, isForced: false) == .none)
        #expect(machine.endRequested(.ok, isForced: false) == .none)
        #expect(machine.sendCompleted(success: true) == .sendStatus(status))
        #expect(machine.endRequested(.ok, isForced: false) == .none)
        #expect(!machine.mayAsk)
    }

    @Test func aForcedEndDoesNotWaitForTheMessage() {
        var machine = ServerStreamStateMachine()
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(machine.endRequested(.ok, isForced: false) == .none)
        #expect(machine.endRequested(status, isForced: true) == .cancel(status))
        #expect(machine.endRequested(status, isForced: true) == .none)
        #expect(machine.sendCompleted(success: false) == .none)
    }

    @Test func anEndOfAnIdleStreamIsSentAtOnce() {
        var machine = ServerStreamStateMachine()
        #expect(machine.endRequested(status, isForced: true) == .sendStatus(status))
        #expect(machine.endRequested(status, isForced: false) == .none)
    }

    @Test func afterAFailedSendNothingIsSent() {
        var machine = ServerStreamStateMachine()
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(machine.endRequested(status, isForced: false) == .none)
        #expect(machine.sendCompleted(success: false) == .none)
        #expect(!machine.mayAsk)
        #expect(machine.endRequested(status, isForced: true) == .none)
    }

    @Test func afterItsEndAStreamDoesNothing() {
        var machine = ServerStreamStateMachine()
        #expect(machine.readRequested() == true)
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(machine.closed() == true)
        #expect(machine.closed() == false)
        #expect(machine.sendCompleted(success: true) == .none)
        #expect(machine.messageReceived(hasMessage: true, success: true) == .none)
        #expect(machine.readRequested() == false)
        #expect(!machine.mayAsk)
        #expect(machine.endRequested(status, isForced: true) == .none)
        #expect(machine.ticked(limit: 0) == false)
    }

    @Test func oneMessageIsAskedForAtATime() {
        var machine = ServerStreamStateMachine()
        #expect(machine.readRequested() == true)
        #expect(machine.readRequested() == false)
        #expect(machine.messageReceived(hasMessage: true, success: true) == .deliver)
        #expect(machine.readRequested() == true)
        #expect(machine.messageReceived(hasMessage: false, success: true) == .clientFinished)
        #expect(machine.readRequested() == false)
    }

    @Test func aReadThatFailedIsNotTheClientsEnd() {
        var machine = ServerStreamStateMachine()
        #expect(machine.readRequested() == true)
        #expect(machine.messageReceived(hasMessage: false, success: false) == .none)
        #expect(machine.readRequested() == false)
    }

    @Test func onlyAMessageThatStaysOnItsWayIsStalled() {
        var machine = ServerStreamStateMachine()
        for _ in 0..<10 { #expect(machine.ticked(limit: 2) == false) }
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(machine.ticked(limit: 2) == false)
        #expect(machine.ticked(limit: 2) == false)
        #expect(machine.sendCompleted(success: true) == .ask)
        #expect(machine.answered(.send(moreFollows: false)) == .sendMessage(moreFollows: false))
        #expect(machine.ticked(limit: 2) == false)
        #expect(machine.ticked(limit: 2) == false)
        #expect(machine.ticked(limit: 2) == true)
    }
}
