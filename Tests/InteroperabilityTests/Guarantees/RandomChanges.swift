import ClusterMesh
import ClusterMeshTestKit
import TestSupport

/// Random writes to a judged server, with all of them known afterwards, and random faults of links.
struct RandomChanges {
    /// The keys that are written.
    static let keys = (0..<12).map { Key("k/\($0 % 3)/\($0)") }

    /// What was written and compacted so far.
    private(set) var history = WriteHistory()
    /// The store's revision.
    private(set) var revision = Revision.initial

    private let server: JudgedServer
    private var numbers: SplitMix64

    init(server: JudgedServer, seed: UInt64) {
        self.server = server
        numbers = SplitMix64(seed: seed)
    }

    /// Does `count` transactions, and compacts now and then to one of the last revisions.
    mutating func write(_ count: Int) async throws {
        for index in 1...count {
            try await write(changes())
            if index.isMultiple(of: 3) { try await Task.sleep(for: .milliseconds(1)) }
            if index.isMultiple(of: 75) { try await compactSomewhere() }
        }
    }

    /// Compacts to the store's revision, which is that of a write.
    mutating func compactToTheEnd() async throws {
        try await write([.put(Self.keys[0], [0])])
        try await compact(to: revision)
    }

    /// Lets a link break, stall or crawl, or ends that.
    mutating func disturb(_ link: FaultyLink) {
        link.heal()
        // There a slow watch must not meet compaction.
        if server.isEtcd { return link.dropConnections() }
        switch Int.random(in: 0..<6, using: &numbers) {
        case 0, 1, 2: link.dropConnections()
        case 3: link.stall()
        case 4: link.throttle(bytesPerSecond: Int.random(in: 20_000...200_000, using: &numbers))
        default: link.delay(.milliseconds(Int.random(in: 1...20, using: &numbers)))
        }
    }

    private mutating func write(_ changes: [WriteHistory.Change]) async throws {
        let answered = try await server.write(
            TransactionRequest(
                success: changes.map { change in
                    switch change {
                    case .put(let key, let value, _): .put(PutRequest(key, value))
                    case .delete(let range): .delete(DeleteRequest(range))
                    }
                }
            )
        )
        // Deletions of nothing make no revision.
        if answered > revision { history.record(at: answered, changes) }
        revision = answered
    }

    private mutating func compactSomewhere() async throws {
        let oldest = max(history.compactedRevision.rawValue + 1, revision.rawValue - 40)
        var target = Revision(Int64.random(in: oldest...revision.rawValue, using: &numbers))
        // etcd 3.4 loses a deletion at the compacted revision.
        while server.isEtcd, history.events(from: target, through: target).contains(where: { $0.kind == .delete }) {
            target = target.previous
        }
        if target > history.compactedRevision { try await compact(to: target) }
    }

    private mutating func compact(to revision: Revision) async throws {
        try await server.compact(revision)
        history.compactedRevision = revision
    }

    /// The steps of one transaction: different keys, put and deleted; sometimes a whole prefix is deleted.
    private mutating func changes() -> [WriteHistory.Change] {
        if Int.random(in: 0..<12, using: &numbers) == 0 { return [.delete(.prefix("k/1/"))] }
        let count = Int.random(in: 0..<3, using: &numbers) == 0 ? Int.random(in: 2...6, using: &numbers) : 1
        return Self.keys.shuffled(using: &numbers).prefix(count).map { key in
            if Int.random(in: 0..<4, using: &numbers) == 0 { return .delete(.key(key)) }
            let size = Int.random(in: 0...300, using: &numbers)
            return .put(key, (0..<size).map { UInt8(truncatingIfNeeded: $0) })
        }
    }
}
