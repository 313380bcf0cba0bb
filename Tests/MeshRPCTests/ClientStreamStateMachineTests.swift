import MeshCore
import Testing

@testable import MeshRPC

@Suite struct MeshRPCClientStreamStateMachineTests {
    /// Messages are texts; those who wait are numbers.
    private typealias Machine = ClientStreamStateMachine<String, Int, Int>

    private let failure = RPCStatus(.unavailable, "gone")

    /// What a send action says, in a form that can be compared.
    private func text(_ action: Machine.SendAction) -> String {
        switch action {
        case .start(.message(let message)): "start \(message)"
        case .start(.finish): "start the end"
        case .wait: "wait"
        case .refuse(let sender, let status): "refuse \(sender): \(status.code)"
        }
    }

    private func text(_ completion: Machine.SendCompletion) -> String {
        var parts = completion.finished.map { "\($0.sender) \($0.fault.map { "\($0.code)" } ?? "done")" }
        switch completion.next {
        case .message(let message)?: parts.append("next \(message)")
        case .finish?: parts.append("next the end")
        case nil: break
        }
        return parts.joined(separator: ", ")
    }

    private func text(_ action: Machine.ReceiveAction) -> String {
        switch action {
        case .start: "start"
        case .wait: "wait"
        case .finish(let receiver, let status): "finish \(receiver): \(status.code)"
        }
    }

    private func text(_ completion: Machine.ReceiveCompletion) -> String {
        switch completion {
        case .deliver(let receiver): "deliver \(receiver)"
        case .finish(let receiver, let status): "finish \(receiver): \(status.code)"
        case .wait: "wait"
        }
    }

    @Test func sendersTakeTurns() {
        var machine = Machine()
        #expect(text(machine.sendRequested(.message("a"), by: 1)) == "start a")
        #expect(text(machine.sendRequested(.message("b"), by: 2)) == "wait")
        #expect(text(machine.sendRequested(.finish, by: 3)) == "wait")
        #expect(text(machine.sendRequested(.message("c"), by: 4)) == "wait")
        #expect(text(machine.sendCompleted(success: true)) == "1 done, next b")
        #expect(text(machine.sendCompleted(success: true)) == "2 done, next the end")
        #expect(text(machine.sendCompleted(success: true)) == "3 done, 4 FailedPrecondition")
        #expect(text(machine.sendRequested(.message("d"), by: 5)) == "refuse 5: FailedPrecondition")
    }

    @Test func theLineOfSendersIsBounded() {
        var machine = Machine()
        #expect(text(machine.sendRequested(.message("a"), by: 0)) == "start a")
        for number in 1...Machine.maximumWaitingSenders {
            #expect(text(machine.sendRequested(.message("b"), by: number)) == "wait")
        }
        #expect(text(machine.sendRequested(.message("c"), by: 99)) == "refuse 99: ResourceExhausted")
    }

    @Test func aFailedSendTellsAllWhoWait() {
        var machine = Machine()
        _ = machine.sendRequested(.message("a"), by: 1)
        _ = machine.sendRequested(.message("b"), by: 2)
        #expect(text(machine.sendCompleted(success: false)) == "1 Unavailable, 2 Unavailable")
    }

    @Test func aSenderIsToldTheStatusOfAStreamThatEnded() {
        var machine = Machine()
        _ = machine.sendRequested(.message("a"), by: 1)
        _ = machine.sendRequested(.message("b"), by: 2)
        #expect(machine.statusReceived(RPCStatus(.permissionDenied, "no")) == nil)
        #expect(text(machine.sendCompleted(success: false)) == "1 PermissionDenied, 2 PermissionDenied")
        #expect(text(machine.sendRequested(.message("c"), by: 3)) == "refuse 3: PermissionDenied")
    }

    @Test func aStreamThatEndedWellTakesNoMessageEither() {
        var machine = Machine()
        #expect(machine.statusReceived(.ok) == nil)
        #expect(text(machine.sendRequested(.message("a"), by: 1)) == "refuse 1: FailedPrecondition")
    }

    @Test func messagesAreDeliveredToWhoAskedForThem() {
        var machine = Machine()
        #expect(text(machine.receiveRequested(by: 1)) == "start")
        #expect(text(machine.receiveRequested(by: 2)) == "finish 2: FailedPrecondition")
        #expect(text(machine.receiveCompleted(hasMessage: true)) == "deliver 1")
        #expect(text(machine.receiveRequested(by: 3)) == "start")
    }

    @Test func theEndWaitsForTheStatus() {
        var machine = Machine()
        #expect(text(machine.receiveRequested(by: 1)) == "start")
        #expect(text(machine.receiveCompleted(hasMessage: false)) == "wait")
        #expect(text(machine.receiveRequested(by: 2)) == "finish 2: FailedPrecondition")
        #expect(machine.statusReceived(failure) == 1)
        #expect(text(machine.receiveRequested(by: 3)) == "finish 3: Unavailable")
        #expect(machine.status == failure)
    }

    @Test func messagesBeforeAnEarlyStatusAreStillDelivered() {
        var machine = Machine()
        #expect(machine.statusReceived(failure) == nil)
        #expect(text(machine.receiveRequested(by: 1)) == "start")
        #expect(text(machine.receiveCompleted(hasMessage: true)) == "deliver 1")
        #expect(text(machine.receiveRequested(by: 2)) == "start")
        #expect(text(machine.receiveCompleted(hasMessage: false)) == "finish 2: Unavailable")
        #expect(text(machine.receiveRequested(by: 3)) == "finish 3: Unavailable")
    }

    @Test func whoHandlesMessagesSaysAfterEachWhetherItWantsMore() {
        var machine = Machine()
        #expect(text(machine.receiveRequested(by: 1)) == "start")
        #expect(text(machine.receiveCompleted(hasMessage: true, isHandled: { $0 == 1 })) == "deliver 1")
        #expect(text(machine.receiveRequested(by: 2)) == "finish 2: FailedPrecondition", "it is not done yet")
        let asksAgain = machine.messageHandled(by: 1, wantsNext: true)
        #expect(asksAgain)
        #expect(text(machine.receiveRequested(by: 2)) == "finish 2: FailedPrecondition", "it has asked for another")
        #expect(text(machine.receiveCompleted(hasMessage: true, isHandled: { $0 == 1 })) == "deliver 1")
        let asksOnceMore = machine.messageHandled(by: 1, wantsNext: false)
        #expect(!asksOnceMore)
        #expect(text(machine.receiveRequested(by: 2)) == "start")
        #expect(text(machine.receiveCompleted(hasMessage: true, isHandled: { $0 == 1 })) == "deliver 2")
        #expect(text(machine.receiveRequested(by: 3)) == "start")
    }

    @Test func anEndThatComesWhileAMessageIsHandledIsToldBehindIt() {
        var machine = Machine()
        _ = machine.receiveRequested(by: 1)
        _ = machine.receiveCompleted(hasMessage: true, isHandled: { _ in true })
        #expect(machine.statusReceived(failure) == nil)
        let asksAgain = machine.messageHandled(by: 1, wantsNext: true)
        #expect(asksAgain)
        #expect(text(machine.receiveCompleted(hasMessage: false, isHandled: { _ in true })) == "finish 1: Unavailable")
    }

    @Test func whoComesBetweenTheLastMessageAndTheStatusWaits() {
        var machine = Machine()
        _ = machine.receiveRequested(by: 1)
        _ = machine.receiveCompleted(hasMessage: false)
        #expect(machine.statusReceived(.ok) == 1)
        #expect(text(machine.receiveRequested(by: 2)) == "finish 2: OK")
    }
}
