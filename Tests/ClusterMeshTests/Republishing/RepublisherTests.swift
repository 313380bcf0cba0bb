import Logging
import TestSupport
import Testing

@testable import ClusterMesh

/// What mirrors tell, as the store of the copies holds it.
@Suite struct RepublisherTests {
    private let clock = ManualClock()
    private let kos: ClusterName
    private let hurup: ClusterName

    init() throws {
        kos = try ClusterName("kos")
        hurup = try ClusterName("hurup")
    }

    private func republisher(maximumKeys: Int = 100_000) throws -> Republisher {
        var configuration = RepublishingConfiguration()
        configuration.store.maximumKeys = maximumKeys
        let agent = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        return try Republisher(
            configuration, in: agent, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock,
            time: { 1_800_000_000 })
    }

    private func nodes(_ numbers: Range<Int>, value: String = "x") -> [MirroredPair] {
        numbers.map {
            .put(.node("n\($0)"), value: KeyValue(key: "k", modRevision: 5, value: Array(value.utf8)))
        }
    }

    private func value(_ key: Key, _ republisher: Republisher) -> String? {
        republisher.copies.store.get(key).map { String(decoding: $0.value, as: UTF8.self) }
    }

    private func count(_ prefix: Key, _ republisher: Republisher) -> Int {
        republisher.copies.store.snapshot().count(in: .prefix(prefix))
    }

    private func state(_ peer: ClusterName, _ republisher: Republisher) -> RepublishingStatus.Peer.State? {
        republisher.status.peers.first { $0.name == peer }?.state
    }

    /// Runs what happens in its time.
    private func maintaining(_ republisher: Republisher, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await republisher.maintain() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    @Test func whatAMirrorTellsIsInTheStoreWhenTheCallReturns() throws {
        let republisher = try republisher()
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        sink.apply(nodes(0..<3))
        #expect(republisher.copies.store.revision == 3, "what is told together is written together")
        sink.synchronized(.node)
        #expect(value("cilium/cluster-config/kos", republisher)?.contains(#""cached":true"#) == true)
        #expect(value("cilium/cache/nodes/v1/kos/n2", republisher) == "x")
        #expect(value("cilium/synced/kos/cilium/cache/nodes/v1", republisher) == "2027-01-15T08:00:00Z")
        let status = republisher.status
        #expect(status.keys == 5 && status.revision == 4)
        #expect(
            status.peers == [
                RepublishingStatus.Peer(name: kos, state: .shown, synchronized: [.node], records: 3, fault: nil)
            ])
    }

    @Test func whatIsToldAgainUnchangedIsNotWrittenAgain() throws {
        let republisher = try republisher()
        let sink = republisher.sink(for: kos)
        for _ in 0..<2 {
            sink.peerIdentified(ClusterConfig(id: 3))
            sink.apply(nodes(0..<3))
            sink.synchronized(.node)
        }
        #expect(republisher.copies.store.revision == 4)
        sink.apply(nodes(0..<3, value: "y"))
        #expect(value("cilium/cache/nodes/v1/kos/n2", republisher) == "y")
    }

    @Test func moreThanATransactionOfAnybodyElseMayHoldIsWrittenTogether() throws {
        let republisher = try republisher()
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        sink.apply(nodes(0..<5_000))
        #expect(republisher.copies.store.revision == 3)
        #expect(count("cilium/cache/nodes/v1/kos/", republisher) == 5_000)
    }

    @Test func aPeerThatLeftIsErasedAfterTheGraceAndNobodyElse() async throws {
        let republisher = try republisher()
        let (first, second) = (republisher.sink(for: kos), republisher.sink(for: hurup))
        first.peerIdentified(ClusterConfig(id: 3))
        second.peerIdentified(ClusterConfig(id: 2))
        first.apply(nodes(0..<2_500))
        first.synchronized(.node)
        second.apply(nodes(0..<2))
        try await maintaining(republisher) {
            first.withdrawn()
            #expect(value("cilium/cluster-config/kos", republisher) == nil, "new readers find nothing to begin with")
            #expect(state(kos, republisher) == .leaving)
            try await clock.step(by: .seconds(179))
            #expect(count("cilium/cache/nodes/v1/kos/", republisher) == 2_500)
            #expect(count("cilium/synced/kos/", republisher) == 1)
            try await eventually { clock.sleeperCount == 1 }
            clock.advance(by: .seconds(1))
            try await eventually { republisher.status.peers.map(\.name) == [hurup] }
            #expect(count("cilium/cache/nodes/v1/kos/", republisher) == 0)
            #expect(count("cilium/synced/kos/", republisher) == 0)
            #expect(count("cilium/cache/nodes/v1/hurup/", republisher) == 2)
            #expect(value("cilium/cluster-config/hurup", republisher) != nil)
        }
    }

    @Test func readersFindAPeersConfigAndCanariesLastAndLoseThemFirst() async throws {
        let republisher = try republisher()
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        sink.apply(nodes(0..<2))
        sink.synchronized(.node)
        try await maintaining(republisher) {
            sink.withdrawn()
            try await eventually { clock.sleeperCount == 1 }
            clock.advance(by: .seconds(180))
            try await eventually { state(kos, republisher) == nil }
        }
        let prefixes = [KeyRange.prefix("cilium/cache/"), .prefix("cilium/cluster-config/"), .prefix("cilium/synced/")]
        var seen: [String] = []
        var cursor = WatchCursor(.all, from: 2)
        while case .events(let batch) = republisher.copies.store.reader.step(
            &cursor, maximumEvents: 100, maximumBytes: 1 << 20)
        {
            for event in batch.events where prefixes.contains(where: { $0.contains(event.pair.key) }) {
                seen.append("\(event.kind) \(event.pair.key)")
            }
        }
        #expect(
            seen == [
                "put cilium/cluster-config/kos", "put cilium/cache/nodes/v1/kos/n0", "put cilium/cache/nodes/v1/kos/n1",
                "put cilium/synced/kos/cilium/cache/nodes/v1", "delete cilium/cluster-config/kos",
                "delete cilium/synced/kos/cilium/cache/nodes/v1", "delete cilium/cache/nodes/v1/kos/n0",
                "delete cilium/cache/nodes/v1/kos/n1",
            ])
    }

    @Test func peersThatLeaveOneAfterTheOtherAreErasedEachInItsTime() async throws {
        let republisher = try republisher()
        let (first, second) = (republisher.sink(for: kos), republisher.sink(for: hurup))
        first.peerIdentified(ClusterConfig(id: 3))
        second.peerIdentified(ClusterConfig(id: 2))
        try await maintaining(republisher) {
            first.withdrawn()
            try await clock.step(by: .seconds(100))
            second.withdrawn()
            try await eventually { clock.sleeperCount == 1 }
            clock.advance(by: .seconds(80))
            try await eventually { state(kos, republisher) == nil }
            #expect(state(hurup, republisher) == .leaving)
            try await eventually { clock.sleeperCount == 1 }
            clock.advance(by: .seconds(100))
            try await eventually { state(hurup, republisher) == nil }
        }
    }

    @Test func aPeerThatComesBackDuringTheGraceIsShownAnewAndNotErasedLater() async throws {
        let republisher = try republisher()
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        sink.apply(nodes(0..<1_500))
        sink.synchronized(.node)
        try await maintaining(republisher) {
            sink.withdrawn()
            try await eventually { clock.sleeperCount == 1 }
            let again = republisher.sink(for: kos)
            again.peerIdentified(ClusterConfig(id: 4))
            #expect(count("cilium/cache/", republisher) == 0, "nothing of the former life")
            #expect(count("cilium/synced/", republisher) == 0)
            #expect(value("cilium/cluster-config/kos", republisher)?.contains(#""id":4"#) == true)
            again.apply(nodes(0..<2))
            clock.advance(by: .seconds(180))
            // The end of the former grace passes; what leaves next shows that it was looked at.
            let other = republisher.sink(for: hurup)
            other.peerIdentified(ClusterConfig(id: 2))
            other.withdrawn()
            try await eventually { clock.sleeperCount == 1 }
            #expect(state(kos, republisher) == .shown)
            #expect(count("cilium/cache/nodes/v1/kos/", republisher) == 2)
        }
    }

    @Test func expiredServicesGoAndEverythingElseStays() throws {
        let republisher = try republisher()
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        let services: [MirroredPair] = (0..<1_500).map {
            .put(
                .service(ServiceName(namespace: "shop", name: "s\($0)")),
                value: KeyValue(key: "k", modRevision: 5, value: [1]))
        }
        sink.apply(services + nodes(0..<2))
        sink.synchronized(.service)
        sink.servicesExpired()
        #expect(count("cilium/cache/services/", republisher) == 0)
        #expect(count("cilium/cache/nodes/", republisher) == 2)
        #expect(count("cilium/synced/kos/", republisher) == 1)
    }

    // MARK: No room

    @Test func whereTheBudgetEndsWhoHasMostIsTakenOutAsAWholeAndSaidSo() throws {
        let republisher = try republisher(maximumKeys: 20)
        let (large, small) = (republisher.sink(for: kos), republisher.sink(for: hurup))
        large.peerIdentified(ClusterConfig(id: 3))
        small.peerIdentified(ClusterConfig(id: 2))
        large.apply(nodes(0..<12))
        large.synchronized(.node)
        small.apply(nodes(0..<5))
        // There are 20 keys; the small one needs two more.
        small.apply(nodes(5..<7))
        small.synchronized(.node)
        #expect(count("cilium/cache/nodes/v1/hurup/", republisher) == 7)
        #expect(count("cilium/cache/nodes/v1/kos/", republisher) == 0)
        #expect(count("cilium/synced/kos/", republisher) == 0)
        #expect(value("cilium/cluster-config/kos", republisher) == nil)
        let status = try #require(republisher.status.peers.first { $0.name == kos })
        #expect(status.state == .refused)
        #expect(status.fault?.contains("budget") == true)
        large.apply(nodes(0..<1))
        #expect(count("cilium/cache/nodes/v1/kos/", republisher) == 0, "it is not seen in half")
    }

    @Test func aPeerThatAloneIsTooLargeIsNotSeenInHalf() throws {
        let republisher = try republisher(maximumKeys: 10)
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        sink.apply(nodes(0..<8))
        sink.apply(nodes(8..<16))
        sink.synchronized(.node)
        #expect(republisher.copies.store.snapshot().count == 0)
        #expect(state(kos, republisher) == .refused)
    }

    @Test func aPeerThatNotEvenHasRoomForItsConfigIsReported() throws {
        let republisher = try republisher(maximumKeys: 0)
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        sink.apply(nodes(0..<1))
        #expect(republisher.copies.store.snapshot().count == 0)
        #expect(state(kos, republisher) == .refused)
    }

    @Test func aPeerWithoutRoomIsTakenAgainWhenItsMirrorBeginsAnewAndThereIsRoom() throws {
        let republisher = try republisher(maximumKeys: 10)
        let sink = republisher.sink(for: kos)
        sink.peerIdentified(ClusterConfig(id: 3))
        sink.apply(nodes(0..<16))
        sink.withdrawn()
        let again = republisher.sink(for: kos)
        again.peerIdentified(ClusterConfig(id: 3))
        again.apply(nodes(0..<4))
        again.synchronized(.node)
        #expect(state(kos, republisher) == .shown)
        #expect(republisher.copies.store.snapshot().count == 6)
    }

    @Test func whatIsKeptOfAPeerThatLeftGoesBeforeAnybodyIsTakenOut() throws {
        let republisher = try republisher(maximumKeys: 20)
        let (first, second) = (republisher.sink(for: kos), republisher.sink(for: hurup))
        first.peerIdentified(ClusterConfig(id: 3))
        second.peerIdentified(ClusterConfig(id: 2))
        first.apply(nodes(0..<12))
        second.apply(nodes(0..<5))
        first.withdrawn()
        second.apply(nodes(5..<15))
        #expect(count("cilium/cache/nodes/v1/hurup/", republisher) == 15)
        #expect(republisher.status.peers.map(\.name) == [hurup])
    }

    // MARK: Many at once

    @Test func mirrorsThatTellAtTheSameTimeDoNotDisturbEachOther() async throws {
        let republisher = try republisher()
        let names = try (0..<8).map { try ClusterName("c\($0)") }
        await withTaskGroup(of: Void.self) { group in
            for (number, name) in names.enumerated() {
                group.addTask {
                    let sink = republisher.sink(for: name)
                    sink.peerIdentified(ClusterConfig(id: UInt32(number + 1)))
                    for round in 0..<20 {
                        sink.apply(nodes(round * 10..<(round + 1) * 10))
                        sink.apply([.delete(.node("n\(round * 10)"))])
                    }
                    sink.synchronized(.node)
                    if number.isMultiple(of: 2) {
                        sink.withdrawn()
                        sink.peerIdentified(ClusterConfig(id: UInt32(number + 1)))
                        sink.apply(nodes(0..<3))
                    }
                }
            }
        }
        for peer in republisher.status.peers {
            let isNew = peer.name.rawValue.last?.wholeNumberValue?.isMultiple(of: 2) == true
            #expect(peer.state == .shown)
            #expect(peer.records == (isNew ? 3 : 180))
            #expect(peer.synchronized == (isNew ? [] : [.node]))
        }
        #expect(republisher.status.peers.count == 8)
    }
}
