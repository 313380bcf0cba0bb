import Testing

@testable import MeshRPC

@Suite struct MeshRPCServerUnaryStateMachineTests {
    @Test func aCallIsReadQueuedHandledAnsweredAndOver() {
        var machine = ServerUnaryStateMachine()
        #expect(machine.requestReceived() == true)
        #expect(machine.postponed() == true)
        #expect(machine.began() == true)
        #expect(machine.handled() == true)
        #expect(!machine.isOver)
        machine.closed()
        #expect(machine.isOver)
    }

    @Test func aCallThatIsHandledAtOnceIsNotQueued() {
        var machine = ServerUnaryStateMachine()
        #expect(machine.requestReceived() == true)
        #expect(machine.handled() == true)
        #expect(machine.expired() == false)
        #expect(!machine.isOver)
        machine.closed()
        #expect(machine.isOver)
    }

    @Test func aCallThatExpiresWhileItIsHandledAtOnceIsNotAnsweredAgainNorQueued() {
        var answered = ServerUnaryStateMachine()
        #expect(answered.requestReceived() == true)
        #expect(answered.expired() == true)
        #expect(answered.handled() == false)
        answered.closed()
        #expect(answered.isOver)

        var postponed = ServerUnaryStateMachine()
        #expect(postponed.requestReceived() == true)
        #expect(postponed.expired() == true)
        postponed.closed()
        #expect(!postponed.isOver)
        #expect(postponed.postponed() == false)
        #expect(postponed.isOver)
    }

    @Test func aFailedRequestIsAnsweredOnce() {
        var machine = ServerUnaryStateMachine()
        #expect(machine.requestFailed() == true)
        #expect(machine.expired() == false)
        machine.closed()
        #expect(machine.isOver)
    }

    @Test func aCallThatExpiresWhileItIsReadIsNotQueued() {
        var machine = ServerUnaryStateMachine()
        #expect(machine.expired() == true)
        #expect(machine.expired() == false)
        #expect(machine.requestReceived() == false)
        machine.closed()
        #expect(machine.isOver)
    }

    @Test func aCallThatExpiresInTheQueueIsNotHandled() {
        var machine = ServerUnaryStateMachine()
        #expect(machine.requestReceived() == true)
        #expect(machine.postponed() == true)
        #expect(machine.expired() == true)
        machine.closed()
        // The queue still holds it.
        #expect(!machine.isOver)
        #expect(machine.began() == false)
        #expect(machine.isOver)
    }

    @Test func aCallThatIsDiscardedIsOverWithItsConnection() {
        var machine = ServerUnaryStateMachine()
        #expect(machine.requestReceived() == true)
        #expect(machine.postponed() == true)
        machine.discarded()
        #expect(machine.expired() == false)
        #expect(!machine.isOver)
        machine.closed()
        #expect(machine.isOver)
    }

    @Test func anAnswerThatComesTooLateIsDropped() {
        var machine = ServerUnaryStateMachine()
        #expect(machine.requestReceived() == true)
        #expect(machine.postponed() == true)
        #expect(machine.began() == true)
        #expect(machine.expired() == true)
        #expect(machine.handled() == false)
        machine.closed()
        #expect(machine.isOver)
    }

    @Test func aCallerThatGoesAwayIsNotAnswered() {
        var machine = ServerUnaryStateMachine()
        machine.closed()
        #expect(machine.isOver)
        #expect(machine.requestFailed() == false)
        #expect(machine.isOver)

        var running = ServerUnaryStateMachine()
        #expect(running.requestReceived() == true)
        #expect(running.postponed() == true)
        #expect(running.began() == true)
        running.closed()
        #expect(!running.isOver)
        #expect(running.expired() == false)
        #expect(running.handled() == false)
        #expect(running.isOver)
    }
}
