import MeshCore
import MeshRecords
import Testing

@testable import MeshMirror

struct IdentificationStateMachineTests {
    private typealias Identity = IdentificationStateMachine.Identity

    private func machine(
        id: Int? = nil, space: ClusterID.Space = .clusters255, isConfigRequired: Bool = true
    ) throws -> IdentificationStateMachine {
        IdentificationStateMachine(
            cluster: try ClusterName("athens"),
            id: try id.map { try ClusterID($0, in: space) },
            space: space,
            isConfigRequired: isConfigRequired
        )
    }

    private func identity(_ config: ClusterConfig) throws -> Identity {
        Identity(config: config, id: try ClusterID(config.id, in: .clusters511))
    }

    private func refusal(_ action: IdentificationStateMachine.Action) -> String? {
        guard case .refuse(let reason) = action else { return nil }
        return reason
    }

    private let unreadable = RecordError(.malformedValue, "it is no JSON")

    @Test("a listed config identifies the peer once it is also followed, with the number that it names")
    func listed() throws {
        var machine = try machine()
        machine.connectionBegan()
        #expect(machine.configTold(.success(ClusterConfig(id: 7))) == .nothing)
        #expect(machine.configCaughtUp() == .identify(try identity(ClusterConfig(id: 7))))
        #expect(!machine.isIdentified)
        machine.identified(try identity(ClusterConfig(id: 7)))
        #expect(machine.isIdentified && machine.identity?.id.rawValue == 7)
    }

    @Test("without a config the peer is waited for, and the first one that comes identifies it")
    func waits() throws {
        var machine = try machine()
        machine.connectionBegan()
        #expect(machine.configCaughtUp() == .nothing)
        #expect(machine.configTold(.success(ClusterConfig(id: 7))) == .identify(try identity(ClusterConfig(id: 7))))
    }

    @Test("where no config is required, the configured number is believed; without one the config is waited for")
    func notRequired() throws {
        var known = try machine(id: 3, isConfigRequired: false)
        var believed = try identity(ClusterConfig(id: 3))
        believed.isPublished = false
        #expect(known.configCaughtUp() == .identify(believed))
        var unknown = try machine(isConfigRequired: false)
        #expect(unknown.configCaughtUp() == .nothing)
    }

    @Test("a number outside 1…255 is refused, and 256…511 only there where the mesh is not that large")
    func numbers() throws {
        for (number, space, isAccepted) in [
            (0, ClusterID.Space.clusters255, false), (1, .clusters255, true), (255, .clusters255, true),
            (256, .clusters255, false), (256, .clusters511, true), (511, .clusters511, true),
            (512, .clusters511, false), (0, .clusters511, false),
        ] {
            var machine = try machine(space: space)
            var config = ClusterConfig(id: UInt32(number))
            config.maxConnectedClusters = UInt32(space.rawValue)
            _ = machine.configTold(.success(config))
            let action = machine.configCaughtUp()
            #expect((refusal(action) == nil) == isAccepted, "\(number) in \(space): \(action)")
        }
    }

    @Test("a configured number is the only one that is accepted, and both are in the error")
    func configured() throws {
        var machine = try machine(id: 3)
        _ = machine.configTold(.success(ClusterConfig(id: 7)))
        let reason = try #require(refusal(machine.configCaughtUp()))
        #expect(reason.contains("7") && reason.contains("configured as 3"))
    }

    @Test("a mode mismatch is refused in both directions", arguments: [ClusterID.Space.clusters255, .clusters511])
    func modeMismatch(_ space: ClusterID.Space) throws {
        var machine = try machine(space: space)
        var config = ClusterConfig(id: 7)
        config.maxConnectedClusters = space == .clusters255 ? 511 : 255
        _ = machine.configTold(.success(config))
        let reason = try #require(refusal(machine.configCaughtUp()))
        #expect(reason.contains("511") && reason.contains("255"))
    }

    @Test("an unknown mode of exporting endpoint slices is refused, the known ones are not")
    func sliceModes() throws {
        for (mode, isAccepted) in [
            ("", true), ("services-and-endpointslices", true), ("endpointslices-only", true), ("else", false),
        ] {
            var machine = try machine()
            var config = ClusterConfig(id: 7)
            config.endpointSlicesExportMode = mode
            _ = machine.configTold(.success(config))
            #expect((refusal(machine.configCaughtUp()) == nil) == isAccepted, "\(mode)")
        }
    }

    @Test("an unreadable first config is refused with the reason")
    func unreadableFirst() throws {
        var machine = try machine()
        _ = machine.configTold(.failure(unreadable))
        #expect(refusal(machine.configCaughtUp())?.contains("no JSON") == true)
    }

    @Test("an unreadable later config is skipped, and the one before stays in force")
    func unreadableLater() throws {
        var machine = try machine()
        _ = machine.configTold(.success(ClusterConfig(id: 7)))
        _ = machine.configCaughtUp()
        machine.identified(try identity(ClusterConfig(id: 7)))
        guard case .skip(let reason) = machine.configTold(.failure(unreadable)) else {
            Issue.record("it is not skipped")
            return
        }
        #expect(reason.contains("no JSON"))
        #expect(machine.isIdentified)
        #expect(machine.configTold(.success(ClusterConfig(id: 7))) == .nothing, "written again as it was")
    }

    @Test("config deleted: nothing changes on the connection, and the next one waits for a config")
    func deleted() throws {
        var machine = try machine()
        _ = machine.configTold(.success(ClusterConfig(id: 7)))
        _ = machine.configCaughtUp()
        machine.identified(try identity(ClusterConfig(id: 7)))
        #expect(machine.configTold(nil) == .nothing)
        #expect(machine.isIdentified)
        machine.connectionBegan()
        #expect(!machine.isIdentified && machine.identity?.id.rawValue == 7, "what is held stays the peer's")
        #expect(machine.configCaughtUp() == .nothing)
    }

    @Test("a changed config begins a new connection, an equal one does not")
    func changed() throws {
        var machine = try machine()
        _ = machine.configTold(.success(ClusterConfig(id: 7)))
        _ = machine.configCaughtUp()
        machine.identified(try identity(ClusterConfig(id: 7)))
        #expect(machine.configTold(.success(ClusterConfig(id: 7))) == .nothing)
        var canaries = ClusterConfig(id: 7)
        canaries.syncedCanaries = true
        #expect(machine.configTold(.success(canaries)) == .reconnect)
    }

    @Test("a config that is listed and corrected before it is followed is judged by its last value")
    func corrected() throws {
        var machine = try machine(id: 3)
        _ = machine.configTold(.success(ClusterConfig(id: 7)))
        _ = machine.configTold(.success(ClusterConfig(id: 3)))
        #expect(machine.configCaughtUp() == .identify(try identity(ClusterConfig(id: 3))))
    }

    @Test("a value that is too large is no config")
    func tooLarge() {
        let pair = KeyValue(
            key: "cilium/cluster-config/athens", modRevision: 2,
            value: repeatElement(UInt8(ascii: " "), count: RecordDecoder.defaultMaximumValueBytes + 1))
        #expect(throws: RecordError.self) { try IdentificationStateMachine.read(pair).get() }
    }
}
