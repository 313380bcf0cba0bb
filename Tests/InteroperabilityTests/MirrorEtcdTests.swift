import ClusterMeshTestKit
import Logging
import MeshClient
import MeshCore
import MeshMirror
import MeshRecords
import MeshTLS
import TestSupport
import Testing

/// A mirror, and MeshClient alone, against a real etcd that all kinds of things happen to.
struct MirrorEtcdTests {
    /// The writes of the whole history.
    private static let writes = 10_000
    /// How many are under way at once.
    private static let writers = 8

    private let records: RandomRecords

    init() throws {
        records = try RandomRecords(ClusterName("athens"), ClusterID(1))
    }

    @Test(
        "a mirror and a follower of all keys end as etcd does, after 10,000 writes, cuts, a compaction and a kill",
        .timeLimit(.minutes(10))
    )
    func history() async throws {
        let etcd = try await EtcdProcess.start(cluster: records.cluster.rawValue)
        let link = try FaultyLink(to: etcd.port)
        let mirror = try mirror(of: etcd, through: link)
        let keyspace = FollowedKeyspace()
        try await withRandomNumbers { numbers in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await mirror.run() }
                group.addTask { try await keyspace.run(port: link.port, credentials: etcd.client) }
                try await play(on: etcd, link, mirror, keyspace, &numbers)
                group.cancelAll()
            }
        }
        await link.close()
    }

    private func mirror(of etcd: EtcdProcess, through link: FaultyLink) throws -> RemoteClusterMirror {
        var configuration = MirrorConfiguration(
            cluster: records.cluster,
            id: records.id,
            endpoints: [EtcdEndpoint(host: "127.0.0.1", port: link.port)],
            credentials: etcd.client,
            verifier: .mesh()
        )
        configuration.backoff.firstBound = .milliseconds(50)
        configuration.backoff.maximumBound = .milliseconds(200)
        configuration.requestTimeout = .seconds(5)
        let logger = Logger(label: "mirror", factory: { _ in SwiftLogNoOpLogHandler() })
        return try RemoteClusterMirror(configuration: configuration, logger: logger)
    }

    private func play(
        on etcd: EtcdProcess,
        _ link: FaultyLink,
        _ mirror: RemoteClusterMirror,
        _ keyspace: FollowedKeyspace,
        _ numbers: inout SplitMix64
    ) async throws {
        let quarter = Self.writes / 4
        try await withEtcdWriter(etcd) { try await $0.perform(records.config) }
        try await write(quarter, to: etcd, seed: numbers.next())
        try await check(etcd, mirror, keyspace)

        // A cut that hides a quarter of the history, which the watches resume over.
        link.cut()
        try await eventually("the cut is noticed") { !mirror.status.state.isCurrent }
        try await write(quarter / 10, to: etcd, seed: numbers.next())
        link.heal()
        try await check(etcd, mirror, keyspace)
        #expect(mirror.status.resyncs.isEmpty, "the watches could resume: \(mirror.status)")
        #expect(keyspace.listings == [.first])

        // Another one, with a compaction past what was seen before it.
        link.cut()
        try await eventually("the cut is noticed") { !mirror.status.state.isCurrent }
        try await write(quarter * 9 / 10, to: etcd, seed: numbers.next())
        try await withEtcdWriter(etcd) { writer in
            let (header, _) = try await writer.range(RangeRequest(.key("nothing")))
            try await writer.compact(to: header?.revision ?? .none)
        }
        link.heal()
        try await check(etcd, mirror, keyspace)
        #expect(mirror.status.resyncs[.compacted, default: 0] > 0)
        #expect(keyspace.listings == [.first, .compacted])

        // A kill in the middle of a quarter.
        try await write(quarter / 2, to: etcd, seed: numbers.next())
        try await etcd.kill()
        try await etcd.restart()
        try await write(quarter / 2, to: etcd, seed: numbers.next())
        try await check(etcd, mirror, keyspace)

        // Connections that break all the time while the last quarter is written.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: .milliseconds(150))
                    link.dropConnections()
                }
            }
            try await write(quarter, to: etcd, seed: numbers.next())
            group.cancelAll()
        }
        try await check(etcd, mirror, keyspace)
        // It was all about something: every kind of record was there, and refused ones were.
        let status = mirror.status
        #expect(status.counts.nodes > 5 && status.counts.services > 5, "\(status)")
        #expect(status.counts.identities > 5 && status.counts.ips > 5, "\(status)")
        #expect(status.rejections.current > 10 && status.outdated > 0, "\(status)")
        #expect(status.synchronisations > 4, "\(status)")
    }

    /// Writes as many random transactions, several at once.
    private func write(_ count: Int, to etcd: EtcdProcess, seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                group.addTask {
                    var numbers = SplitMix64(seed: seed &+ UInt64(writer))
                    try await withEtcdWriter(etcd) { client in
                        let share = count / Self.writers + (writer < count % Self.writers ? 1 : 0)
                        for _ in 0..<share { try await client.perform(records.write(&numbers)) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Waits until mirror and follower hold what etcdctl reads.
    private func check(_ etcd: EtcdProcess, _ mirror: RemoteClusterMirror, _ keyspace: FollowedKeyspace) async throws {
        let all = try await EtcdctlPairs(etcd.etcdctl, "", "--prefix").pairs
        try await eventually(within: .seconds(30), "the follower holds what etcd does") { keyspace.pairs == all }

        let decoder = RecordDecoder(cluster: records.cluster, id: records.id)
        var expected: [RecordKey: MirrorRecord] = [:]
        var refused: Set<Key> = []
        for pair in try await EtcdctlPairs(etcd.etcdctl, "cilium/state/", "--prefix").pairs {
            switch decoder.decode(pair) {
            case .success(let record): expected[record.key] = MirrorRecord(record, modRevision: pair.modRevision)
            case .failure: refused.insert(pair.key)
            }
        }
        try await eventually(within: .seconds(30), "the mirror holds what etcd does; it is \(mirror.status)") {
            let held = mirror.snapshot()
            return held.isCurrent && held.all.filter { !$0.value.isOutdated } == expected
        }
        // What is kept of refused values is kept of keys that have one.
        for (key, held) in mirror.snapshot().all where held.isOutdated {
            #expect(refused.contains(key.key(in: records.cluster)), "\(key)")
        }
    }
}

extension MirrorSnapshot {
    /// All records by their keys.
    fileprivate var all: [RecordKey: MirrorRecord] {
        var all: [RecordKey: MirrorRecord] = [:]
        forEach { all[$0.record.key] = $0 }
        return all
    }
}
