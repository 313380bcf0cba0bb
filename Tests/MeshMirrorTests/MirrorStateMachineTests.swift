import MeshClient
import Testing

@testable import MeshMirror

struct MirrorStateMachineTests {
    private let ranges = 3

    private func machine(endpoints: Int = 1) throws -> MirrorStateMachine {
        let rotation = try #require(EndpointRotation((0..<endpoints).map { EtcdEndpoint(host: "h\($0)") }))
        return MirrorStateMachine(rangeCount: ranges, rotation: rotation, backoff: Backoff.Configuration())
    }

    private func connect(_ machine: inout MirrorStateMachine) -> EtcdEndpoint? {
        var generator = SystemRandomNumberGenerator()
        return machine.connectionDue(using: &generator)
    }

    private func synchronise(_ machine: inout MirrorStateMachine) {
        machine.answered()
        machine.identified()
        for index in 0..<ranges { machine.watchBegan(index) }
    }

    @Test("a peer is reached, identified, listed and then followed")
    func wayUp() throws {
        var machine = try machine()
        #expect(machine.state == .idle)
        #expect(connect(&machine) == EtcdEndpoint(host: "h0"))
        #expect(machine.state == .connecting)
        machine.answered()
        #expect(machine.state == .identifying)
        machine.watchBegan(0)
        #expect(machine.state == .identifying, "the config's watch alone says nothing")
        machine.identified()
        #expect(machine.state == .listing)
        machine.listingBegan(1)
        machine.watchBegan(1)
        #expect(machine.state == .listing, "one range is missing")
        machine.watchBegan(2)
        #expect(machine.state == .watching)
        #expect(machine.attempts == 1 && machine.synchronisations == 1)
    }

    @Test("a listing while watching is a resync, which ends when the watch is confirmed again")
    func resync() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        machine.listingBegan(1)
        machine.listingBegan(2)
        #expect(machine.state == .resyncing)
        machine.watchBegan(2)
        #expect(machine.state == .resyncing)
        machine.watchBegan(1)
        #expect(machine.state == .watching)
        #expect(machine.synchronisations == 1, "the connection is the same")
    }

    @Test("after the loss of a synchronised peer the wait is drawn from 0…5 s, whatever endpoints are left")
    func loss() throws {
        for (random, expected) in [(0.0, Duration.zero), (0.5, .milliseconds(2500)), (0.9, .milliseconds(4500))] {
            var machine = try machine(endpoints: 3)
            _ = connect(&machine)
            synchronise(&machine)
            #expect(machine.connectionEnded(random: random) == .retry(after: expected))
            #expect(machine.state == .disconnected)
        }
    }

    @Test("all endpoints are tried without a wait between them, then the bound of the wait doubles up to 60 s")
    func rounds() throws {
        var machine = try machine(endpoints: 2)
        var delays: [Duration] = []
        var endpoints: [EtcdEndpoint?] = []
        for _ in 0..<12 {
            endpoints.append(connect(&machine))
            guard case .retry(let delay) = machine.connectionEnded(random: 1) else { return #expect(Bool(false)) }
            delays.append(delay)
        }
        #expect(delays == [0, 5, 0, 10, 0, 20, 0, 40, 0, 60, 0, 60].map { Duration.seconds($0) })
        for pair in stride(from: 0, to: 12, by: 2) { #expect(Set(endpoints[pair..<pair + 2]).count == 2) }
    }

    @Test("a peer that only answers does not reset the back-off; one that is synchronised does")
    func reset() throws {
        var machine = try machine()
        for _ in 0..<3 {
            _ = connect(&machine)
            machine.answered()
            _ = machine.connectionEnded(random: 1)
        }
        _ = connect(&machine)
        #expect(machine.connectionEnded(random: 1) == .retry(after: .seconds(40)))
        _ = connect(&machine)
        synchronise(&machine)
        #expect(machine.connectionEnded(random: 1) == .retry(after: .seconds(5)))
    }

    @Test("a new connection has to be identified and watched anew")
    func again() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        _ = machine.connectionEnded(random: 0)
        _ = connect(&machine)
        machine.answered()
        #expect(machine.state == .identifying)
        machine.identified()
        #expect(machine.state == .listing)
        for index in 0..<ranges { machine.watchBegan(index) }
        #expect(machine.synchronisations == 2)
    }

    @Test("removal ends the connection first, and nothing that the peer still says changes that")
    func drain() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        #expect(machine.drainRequested(isRunning: true) == .endConnection)
        #expect(machine.drainRequested(isRunning: true) == .nothing)
        machine.answered()
        machine.identified()
        machine.listingBegan(0)
        machine.watchBegan(0)
        #expect(machine.state == .draining)
        #expect(connect(&machine) == nil)
        #expect(machine.connectionEnded(random: 0) == .drain)
        machine.drained()
        #expect(machine.state == .gone)
        #expect(connect(&machine) == nil)
        #expect(machine.drainRequested(isRunning: false) == .nothing)
    }

    @Test("removal of a mirror that does not run withdraws at once")
    func drainIdle() throws {
        var machine = try machine()
        #expect(machine.drainRequested(isRunning: false) == .drain)
    }

    @Test("a shutdown keeps everything, and does not undo a removal")
    func shutDown() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        machine.shutDown()
        #expect(machine.state == .idle)
        #expect(machine.connectionEnded(random: 0) == .stop)

        _ = machine.drainRequested(isRunning: true)
        machine.shutDown()
        #expect(machine.state == .draining)
    }
}
