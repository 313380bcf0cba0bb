import MeshClient
import MeshCore
import TestSupport
import Testing

@testable import ClusterMesh

/// Mirrors are numbers here: each new one the next.
@Suite struct PeerSetStateMachineTests {
    private typealias Action = PeerAction<Int>

    private let kos: ClusterName
    private let hurup: ClusterName

    init() throws {
        kos = try ClusterName("kos")
        hurup = try ClusterName("hurup")
    }

    private func peer(_ name: ClusterName, id: Int? = nil, host: String = "a", key: String = "key") throws
        -> PeerConfiguration
    {
        PeerConfiguration(
            name: name, id: try id.map { try ClusterID($0) }, endpoints: [EtcdEndpoint(host: host)],
            credentials: TLSCredentials(certificateChain: "chain", privateKey: key, trustedRoots: "roots"))
    }

    /// A machine that runs, with these peers' mirrors numbered from 1 in their order.
    private func running(_ peers: [PeerConfiguration]) -> PeerSetStateMachine<Int> {
        var machine = PeerSetStateMachine<Int>()
        _ = machine.began()
        let made = zip(peers.map(\.name), 1...).map { ($0, $1) }
        _ = machine.configure(peers, made: Dictionary(uniqueKeysWithValues: made))
        return machine
    }

    // MARK: Before and after running

    @Test func nothingRunsBeforeTheSetDoes() throws {
        var machine = PeerSetStateMachine<Int>()
        #expect(machine.configure([try peer(kos)], made: [kos: 1]) == [])
        #expect(machine.configured.map(\.mirror) == [1])
        #expect(machine.began() == [.start(kos, 1)])
    }

    @Test func peersAreStartedInTheOrderOfTheirNames() throws {
        var machine = PeerSetStateMachine<Int>()
        _ = machine.configure([try peer(kos), try peer(hurup)], made: [kos: 1, hurup: 2])
        #expect(machine.configured.map(\.configuration.name) == [hurup, kos])
        #expect(machine.began() == [.start(hurup, 2), .start(kos, 1)])
    }

    @Test func whatNeverRanIsRemovedWithoutDraining() throws {
        var machine = PeerSetStateMachine<Int>()
        _ = machine.configure([try peer(kos)], made: [kos: 1])
        #expect(machine.configure([], made: [:]) == [])
        #expect(machine.began() == [])
    }

    @Test func shuttingDownDrainsNothing() throws {
        var machine = running([try peer(kos)])
        #expect(machine.mirrorEnded(kos) == nil)
        machine.ended()
        #expect(machine[kos]?.mirror == 1, "what it held can still be looked at")
        #expect(machine.configure([], made: [:]) == [])
        #expect(machine[kos] == nil)
    }

    @Test func aPeerThatWaitsForADrainIsNotStartedAfterTheEnd() throws {
        var machine = running([try peer(kos)])
        _ = machine.configure([], made: [:])
        _ = machine.configure([try peer(kos)], made: [kos: 2])
        machine.ended()
        #expect(machine.mirrorEnded(kos) == nil)
        #expect(machine[kos]?.mirror == 2)
    }

    // MARK: Coming and going

    @Test func aNewPeerIsStarted() throws {
        var machine = running([try peer(kos)])
        try #expect(machine.needsMirror(for: peer(hurup)) == true)
        #expect(machine.configure([try peer(kos), try peer(hurup)], made: [hurup: 2]) == [.start(hurup, 2)])
    }

    @Test func aMissingPeerIsDrainedAndIsAPeerNoMore() throws {
        var machine = running([try peer(hurup), try peer(kos)])
        #expect(machine.configure([try peer(hurup)], made: [:]) == [.drain(kos, 2)])
        #expect(machine[kos] == nil)
        #expect(machine.configured.map(\.configuration.name) == [hurup])
        #expect(machine.mirrorEnded(kos) == nil)
        #expect(machine.configure([try peer(hurup)], made: [:]) == [])
    }

    @Test func anUnchangedPeerIsNotTouched() throws {
        var machine = running([try peer(kos)])
        try #expect(machine.needsMirror(for: peer(kos)) == false)
        #expect(machine.configure([try peer(kos)], made: [:]) == [])
    }

    // MARK: While a removal is draining

    @Test func removalWhileStillDrainingIsNothingNew() throws {
        var machine = running([try peer(kos)])
        _ = machine.configure([], made: [:])
        #expect(machine.configure([], made: [:]) == [])
        #expect(machine.mirrorEnded(kos) == nil)
    }

    @Test func aPeerAddedAgainWhileDrainingStartsAfterTheDrain() throws {
        var machine = running([try peer(kos)])
        _ = machine.configure([], made: [:])
        try #expect(machine.needsMirror(for: peer(kos)) == true, "the former one is on its way out")
        #expect(machine.configure([try peer(kos)], made: [kos: 2]) == [])
        #expect(machine[kos]?.mirror == 2, "it is configured, though it waits")
        #expect(machine.mirrorEnded(kos) == .start(kos, 2))
    }

    @Test func aPeerAddedAndRemovedAgainWhileDrainingNeverStarts() throws {
        var machine = running([try peer(kos)])
        _ = machine.configure([], made: [:])
        _ = machine.configure([try peer(kos)], made: [kos: 2])
        #expect(machine.configure([], made: [:]) == [])
        #expect(machine.mirrorEnded(kos) == nil)
        #expect(machine[kos] == nil)
    }

    @Test func aPeerThatWaitsForTheDrainIsChangedInItsPlace() throws {
        var machine = running([try peer(kos)])
        _ = machine.configure([], made: [:])
        _ = machine.configure([try peer(kos)], made: [kos: 2])
        let (before, after) = (try peer(kos), try peer(kos, host: "b"))
        #expect(machine.needsMirror(for: after) == false)
        #expect(machine.configure([after], made: [:]) == [.change(2, from: before, to: after)])
        #expect(machine.mirrorEnded(kos) == .start(kos, 2))
    }

    // MARK: Changes

    @Test(arguments: [("b", "key"), ("a", "other"), ("b", "other")])
    func otherEndpointsAndCredentialsAreTakenOverByTheSameMirror(_ host: String, _ key: String) throws {
        var machine = running([try peer(kos)])
        let after = try peer(kos, host: host, key: key)
        #expect(machine.needsMirror(for: after) == false)
        #expect(machine.configure([after], made: [:]) == [.change(1, from: try peer(kos), to: after)])
        #expect(machine[kos]?.configuration == after)
        #expect(machine.configure([after], made: [:]) == [])
    }

    @Test func aPeerWhoseMirrorDoesNotRunIsChangedToo() throws {
        var machine = PeerSetStateMachine<Int>()
        _ = machine.configure([try peer(kos)], made: [kos: 1])
        let after = try peer(kos, host: "b")
        #expect(machine.configure([after], made: [:]) == [.change(1, from: try peer(kos), to: after)])
        #expect(machine.began() == [.start(kos, 1)])
    }

    @Test(arguments: [(1, 2), (1, nil), (nil, 2)] as [(Int?, Int?)])
    func anotherNumberIsAnotherClusterAndDrainsFirst(_ before: Int?, _ after: Int?) throws {
        var machine = running([try peer(kos, id: before)])
        let other = try peer(kos, id: after)
        #expect(machine.needsMirror(for: other) == true)
        #expect(machine.configure([other], made: [kos: 2]) == [.drain(kos, 1)])
        #expect(machine[kos]?.mirror == 2)
        #expect(machine.mirrorEnded(kos) == .start(kos, 2))
    }

    // MARK: Any order

    /// Whatever is configured when: a name has one running mirror at most, and in the end exactly what is configured runs.
    @Test(arguments: 0..<50) func anyHistoryEndsWithWhatIsConfigured(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let names = try ["a", "b", "c"].map { try ClusterName($0) }
        var machine = PeerSetStateMachine<Int>()
        var model = Running()
        var wanted: [PeerConfiguration] = []
        var number = 0
        model.perform(machine.began())
        for _ in 0..<200 {
            if Bool.random(using: &random), let name = model.draining.randomElement(using: &random) {
                model.ended(name)
                model.perform(machine.mirrorEnded(name).map { [$0] } ?? [])
                continue
            }
            wanted = try names.filter { _ in Bool.random(using: &random) }.map { name in
                try peer(
                    name, id: Bool.random(using: &random) ? 7 : nil, host: Bool.random(using: &random) ? "a" : "b")
            }
            var made: [ClusterName: Int] = [:]
            for peer in wanted where machine.needsMirror(for: peer) {
                number += 1
                made[peer.name] = number
            }
            model.perform(machine.configure(wanted, made: made))
        }
        while let name = model.draining.sorted().first {
            model.ended(name)
            model.perform(machine.mirrorEnded(name).map { [$0] } ?? [])
        }
        #expect(
            model.mirrors
                == Dictionary(uniqueKeysWithValues: machine.configured.map { ($0.configuration.name, $0.mirror) }))
        #expect(machine.configured.map(\.configuration) == wanted.sorted { $0.name < $1.name })
        #expect(model.faults == [])
    }

    /// What a shell would have running.
    private struct Running {
        var mirrors: [ClusterName: Int] = [:]
        var draining: Set<ClusterName> = []
        var faults: [String] = []

        mutating func perform(_ actions: [PeerAction<Int>]) {
            for action in actions {
                switch action {
                case .start(let name, let mirror):
                    if mirrors.updateValue(mirror, forKey: name) != nil { faults.append("two mirrors of \(name)") }
                case .change(_, from: let before, to: let after):
                    if !before.canBecome(after) { faults.append("\(before.name) became another cluster") }
                case .drain(let name, let mirror):
                    if mirrors[name] != mirror { faults.append("\(name) does not run") }
                    if !draining.insert(name).inserted { faults.append("\(name) is drained twice") }
                }
            }
        }

        mutating func ended(_ name: ClusterName) {
            mirrors[name] = nil
            draining.remove(name)
        }
    }
}
