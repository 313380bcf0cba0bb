import ClusterMesh
import ClusterMeshTestKit
import MeshWire
import TestSupport
import Testing

/// Many watches of many clients, over links that break, stall and crawl, beside compactions: everything that was sent
/// is recorded and held to what etcd promises.
@Suite struct WatchGuaranteeTests {
    @Test(.timeLimit(.minutes(5))) func everyWatchOfOursIsSentWhatIsPromised() async throws {
        try await withRandomNumbers { numbers in
            let seed = numbers.next()
            try await JudgedServer.runOurs { try await Self.judge($0, clients: 6, writes: 900, seed: seed) }
        }
    }

    /// The judge is just only if a real etcd passes, too.
    @Test(.timeLimit(.minutes(5))) func everyWatchOfEtcdIsSentWhatIsPromised() async throws {
        try await withRandomNumbers { numbers in
            let seed = numbers.next()
            try await JudgedServer.runEtcd { try await Self.judge($0, clients: 3, writes: 400, seed: seed) }
        }
    }

    private static func name(of client: Int) -> String { "client \(client)" }

    private static func wishes(_ client: Int) -> [WatchCreateRequest] {
        var previous = WatchOptions()
        previous.previousPairs = true
        var onlyDeletes = previous
        onlyDeletes.includesPuts = false
        var onlyPuts = WatchOptions()
        onlyPuts.includesDeletes = false
        return [
            WatchCreateRequest(.all, options: previous, progressNotify: true),
            WatchCreateRequest(.prefix("k/1/"), from: 2, progressNotify: true, fragment: true),
            WatchCreateRequest(.key(RandomChanges.keys[client]), options: previous, progressNotify: true),
            WatchCreateRequest(.all, from: 40, options: onlyDeletes, progressNotify: true),
            WatchCreateRequest(.from("k/1/"), from: 60, options: onlyPuts, progressNotify: true, fragment: true),
        ]
    }

    private static func judge(_ server: JudgedServer, clients count: Int, writes: Int, seed: UInt64) async throws {
        var changes = RandomChanges(server: server, seed: seed)
        try await changes.write(70)
        let course = RecordingClient.Course()
        let links = try (0..<count).map { _ in try FaultyLink(to: server.port) }
        let recorders = try await withThrowingTaskGroup(of: WatchRecorder.self) { group in
            defer { group.cancelAll() }
            for (index, link) in links.enumerated() {
                let client = RecordingClient(
                    name: name(of: index),
                    wishes: wishes(index),
                    isSlow: !server.isEtcd && index % 3 == 2,
                    asksForProgress: !server.isEtcd && index % 2 == 0,
                    link: link,
                    course: course
                )
                group.addTask { try await client.run() }
            }
            try await eventually(within: .seconds(60), "all watches are made") { course.readyClients == count }
            try await write(writes, &changes, over: links, course)
            course.end = changes.revision
            var recorders: [WatchRecorder] = []
            for try await recorder in group { recorders.append(recorder) }
            return recorders
        }
        for link in links { await link.close() }
        check(recorders, changes, isEtcd: server.isEtcd)
    }

    /// Writes while the links misbehave; at the end the first client is away while what it missed is compacted.
    private static func write(
        _ count: Int,
        _ changes: inout RandomChanges,
        over links: [FaultyLink],
        _ course: RecordingClient.Course
    ) async throws {
        // Each client loses its watches at least once.
        for link in links { link.dropConnections() }
        for _ in 0..<6 {
            try await changes.write(count / 6)
            // Every other client catches up: on a busy machine they would else be sent little before it is compacted.
            let followed = links.indices.filter { $0.isMultiple(of: 2) }
            for index in followed { links[index].heal() }
            try await course.wait(for: followed.map(name(of:)), at: changes.revision)
            for link in links { changes.disturb(link) }
        }
        for link in links { link.heal() }
        links[0].cut()
        try await changes.write(30)
        try await changes.compactToTheEnd()
        links[0].heal()
        try await changes.write(10)
    }

    private static func check(_ recorders: [WatchRecorder], _ changes: RandomChanges, isEtcd: Bool) {
        var validator = WatchHistoryValidator(changes.history)
        // A real etcd that catches up has its newest revision in the header of each message.
        validator.headersAreComplete = !isEtcd
        let histories = recorders.flatMap(\.histories)
        let violations = validator.violations(in: histories)
        #expect(violations.isEmpty, "\(violations.count) violations, \(violations.prefix(5))")

        let watches = recorders.count * wishes(0).count
        #expect(histories.count >= 2 * watches, "too few watches were cut off to have tested anything")
        #expect(recorders.reduce(0) { $0 + $1.compactions } > 0, "no watch met compaction")
        #expect(
            histories.reduce(0) { $0 + $1.events.count } > changes.history.events.count,
            "too few events to have tested anything"
        )
    }
}
