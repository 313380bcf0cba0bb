import MeshClient
import MeshRecords
import Testing

@testable import MeshMirror

struct MirrorStateMachineTests {
    private let ranges: Set<MirrorRange> = [.records(.node, .own), .records(.ip, .own)]
    private let start = ContinuousClock.now

    private func machine(endpoints: Int = 1) throws -> MirrorStateMachine {
        let rotation = try #require(EndpointRotation((0..<endpoints).map { EtcdEndpoint(host: "h\($0)") }))
        return MirrorStateMachine(rotation: rotation, backoff: Backoff.Configuration())
    }

    private func connect(_ machine: inout MirrorStateMachine) -> EtcdEndpoint? {
        var generator = SystemRandomNumberGenerator()
        return machine.connectionDue(using: &generator)
    }

    private func synchronise(_ machine: inout MirrorStateMachine) {
        machine.answered()
        machine.watchBegan(.config)
        machine.identified(following: ranges)
        machine.watchBegan(.heartbeat)
        for range in ranges { machine.watchBegan(range) }
    }

    /// Ends the connection; answers the wait before the next one.
    private func end(
        _ machine: inout MirrorStateMachine, _ ending: ConnectionEnding? = nil, random: Double = 0
    ) -> Duration? {
        let action = machine.connectionEnded(ending, at: start, random: random)
        #expect(action == .retry)
        return machine.nextAttempt.map { start.duration(to: $0) }
    }

    @Test("a peer is reached, identified, listed and then followed")
    func wayUp() throws {
        var machine = try machine()
        #expect(machine.state == .idle)
        #expect(connect(&machine) == EtcdEndpoint(host: "h0"))
        #expect(machine.state == .connecting)
        machine.answered()
        #expect(machine.state == .identifying)
        machine.watchBegan(.config)
        #expect(machine.state == .identifying, "the config's watch alone says nothing")
        machine.identified(following: ranges)
        #expect(machine.state == .listing)
        machine.listingBegan(.records(.node, .own))
        machine.watchBegan(.records(.node, .own))
        machine.watchBegan(.heartbeat)
        #expect(machine.state == .listing, "one range is missing")
        machine.watchBegan(.records(.ip, .own))
        #expect(machine.state == .watching)
        #expect(machine.attempts == 1 && machine.synchronisations == 1)
    }

    @Test("a listing while watching is a resync, which ends when the watch is confirmed again")
    func resync() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        machine.listingBegan(.records(.node, .own))
        machine.listingBegan(.records(.ip, .own))
        #expect(machine.state == .resyncing)
        machine.watchBegan(.records(.ip, .own))
        #expect(machine.state == .resyncing)
        machine.watchBegan(.records(.node, .own))
        #expect(machine.state == .watching)
        #expect(machine.synchronisations == 1, "the connection is the same")
    }

    @Test("after the loss of a synchronised peer the wait is drawn from 0…5 s, whatever endpoints are left")
    func loss() throws {
        for (random, expected) in [(0.0, Duration.zero), (0.5, .milliseconds(2500)), (0.9, .milliseconds(4500))] {
            var machine = try machine(endpoints: 3)
            _ = connect(&machine)
            synchronise(&machine)
            #expect(end(&machine, random: random) == expected)
            #expect(machine.state == .disconnected)
            #expect(machine.failures == 1 && machine.lastFailure == start)
        }
    }

    @Test("all endpoints are tried without a wait between them, then the bound of the wait doubles up to 60 s")
    func rounds() throws {
        var machine = try machine(endpoints: 2)
        var delays: [Duration?] = []
        var endpoints: [EtcdEndpoint?] = []
        for _ in 0..<12 {
            endpoints.append(connect(&machine))
            delays.append(end(&machine, random: 1))
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
            _ = end(&machine, random: 1)
        }
        _ = connect(&machine)
        #expect(end(&machine, random: 1) == .seconds(40))
        _ = connect(&machine)
        synchronise(&machine)
        #expect(end(&machine, random: 1) == .seconds(5))
    }

    @Test("a new connection has to be identified and watched anew")
    func again() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        _ = end(&machine)
        _ = connect(&machine)
        machine.answered()
        #expect(machine.state == .identifying)
        machine.watchBegan(.config)
        machine.watchBegan(.heartbeat)
        machine.identified(following: ranges)
        #expect(machine.state == .listing)
        for range in ranges { machine.watchBegan(range) }
        #expect(machine.state == .watching && machine.synchronisations == 2)
    }

    @Test("removal ends the connection first, and nothing that the peer still says changes that")
    func drain() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        #expect(machine.drainRequested(isRunning: true) == .endConnection)
        #expect(machine.drainRequested(isRunning: true) == .nothing)
        machine.answered()
        machine.identified(following: ranges)
        machine.listingBegan(.config)
        machine.watchBegan(.config)
        #expect(machine.state == .draining)
        #expect(connect(&machine) == nil)
        #expect(machine.connectionEnded(nil, at: start, random: 0) == .drain)
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
        #expect(machine.connectionEnded(nil, at: start, random: 0) == .stop)
        #expect(machine.nextAttempt == nil && machine.failures == 0)

        _ = machine.drainRequested(isRunning: true)
        machine.shutDown()
        #expect(machine.state == .draining)
    }

    @Test("a changed cluster config is no failure, but all who see it do not come back at one moment")
    func configChanged() throws {
        var machine = try machine(endpoints: 3)
        _ = connect(&machine)
        synchronise(&machine)
        #expect(end(&machine, .configChanged, random: 0.5) == .milliseconds(2500))
        #expect(machine.failures == 0 && machine.lastFailure == nil)
        // One that changes it again and again meets the growing bound.
        _ = connect(&machine)
        #expect(end(&machine, .configChanged, random: 1) == .seconds(10))
    }

    @Test(
        "what the mirror ends for a fault of the peer's is a failure",
        arguments: [
            ConnectionEnding.heartbeatMissed(.seconds(120)), .serverRefused("revoked"),
        ])
    func ownFailures(_ ending: ConnectionEnding) throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        #expect(end(&machine, ending, random: 0.5) == .milliseconds(2500))
        #expect(machine.failures == 1)
    }

    @Test("other endpoints end the connection, are tried at once, and are no failure")
    func endpointsReplaced() throws {
        var machine = try machine()
        _ = connect(&machine)
        synchronise(&machine)
        let other = EtcdEndpoint(host: "other")
        #expect(machine.endpointsReplaced(try #require(EndpointRotation([other])), at: start) == .endConnection)
        #expect(end(&machine, .endpointsReplaced, random: 1) == .zero)
        #expect(machine.failures == 0)
        #expect(connect(&machine) == other)
    }

    @Test("other endpoints end the wait before the next attempt")
    func endpointsReplacedWhileWaiting() throws {
        var machine = try machine()
        let other = try #require(EndpointRotation([EtcdEndpoint(host: "other")]))
        #expect(machine.endpointsReplaced(other, at: start) == .nothing, "it was not started")
        _ = connect(&machine)
        #expect(end(&machine, random: 1) == .seconds(5))
        #expect(machine.endpointsReplaced(other, at: start + .seconds(1)) == .endWait)
        #expect(machine.nextAttempt == start + .seconds(1))
        _ = connect(&machine)
        #expect(end(&machine, random: 1) == .seconds(5), "the bound began anew")
    }
}
