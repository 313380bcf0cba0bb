import MeshCore
import MeshWire
import TestSupport

/// A random history that two servers are told step by step; it stops at the first answer that is not the same.
struct DifferentialHistory {
    let twins: DifferentialTwins
    /// The store's revision, the same on both.
    private(set) var revision = Revision.initial
    /// The errors that both answered with.
    private(set) var errors: Set<EtcdError> = []

    /// Whether compaction keeps away from revisions that may have deleted something: a watch from a compacted revision
    /// loses its deletions in Debian's etcd (etcd's issue 19179).
    var sparesDeletions = false

    private var numbers: SplitMix64
    private var leases: [LeaseID] = []
    private var deletions: Set<Revision> = []
    /// What our leases are called there, and theirs here.
    private var toTheirs = LeaseRenaming()
    private(set) var toOurs = LeaseRenaming()

    init(_ twins: DifferentialTwins, seed: UInt64) {
        self.twins = twins
        numbers = SplitMix64(seed: seed)
    }

    /// Does `count` random operations, and calls `beforeCompaction` before each that compacts.
    mutating func play(
        _ count: Int,
        beforeCompaction: (Revision) async throws -> Void = { _ in }
    ) async throws {
        for _ in 0..<count {
            let operation = operation()
            if case .compact = operation { try await beforeCompaction(revision) }
            try await perform(operation)
        }
    }

    /// Does one operation on both.
    mutating func perform(_ operation: StoreOperation) async throws {
        let ours = await result { () async throws(EtcdError) in try await twins.ours.perform(operation) }
        let theirs = await result { () async throws(EtcdError) in try await twins.theirs.perform(toTheirs(operation)) }
        if case .grant(let request) = operation { granted(request, ours, theirs) }
        let translated = theirs.map { toOurs($0) }
        guard ours == translated else {
            throw Difference(what: "\(operation) at \(revision)", ours: "\(ours)", theirs: "\(translated)")
        }
        switch ours {
        case .failure(let error):
            errors.insert(error)
        case .success(let answer):
            if answer.revision > revision, operation.mayDelete { deletions.insert(answer.revision) }
            revision = answer.revision
        }
    }

    /// A watch of what happens from about now on, or from the past.
    mutating func watch() -> WatchCreateRequest {
        var request = WatchCreateRequest(numbers.aRange(), progressNotify: true)
        // No watch of nothing: it would be refused.
        while request.range.isEmpty { request.range = numbers.aRange() }
        if numbers.flag() { request.startRevision = numbers.aRevision(upTo: revision) }
        request.options.previousPairs = numbers.flag()
        request.options.includesPuts = Int.random(in: 0..<4, using: &numbers) > 0
        request.options.includesDeletes = Int.random(in: 0..<4, using: &numbers) > 0
        request.fragment = numbers.flag()
        return request
    }

    private mutating func operation() -> StoreOperation {
        switch Int.random(in: 0..<40, using: &numbers) {
        case 0..<16: .write(numbers.attached(numbers.aWrite(near: revision), to: leases))
        case 16..<30: .range(numbers.aRead(near: revision))
        case 30..<38: numbers.aLeaseOperation(leases)
        case 38: compaction()
        default: .write(numbers.aBrokenWrite())
        }
    }

    /// Mostly to a revision that can be compacted, sometimes to a past or a future one. Not to 0: etcd takes that once,
    /// as long as nothing was compacted, and does nothing.
    private mutating func compaction() -> StoreOperation {
        var target = max(1, numbers.aRevision(upTo: revision))
        while sparesDeletions, deletions.contains(target), target > 1 { target = target.previous }
        return .compact(target, physical: numbers.flag())
    }

    private mutating func granted(
        _ request: LeaseGrantRequest,
        _ ours: Result<StoreAnswer, EtcdError>,
        _ theirs: Result<StoreAnswer, EtcdError>
    ) {
        guard case .success(.grant(let own)) = ours, case .success(.grant(let their)) = theirs else { return }
        leases.append(own.id)
        guard request.id == .none else { return }
        toTheirs.rename(own.id, to: their.id)
        toOurs.rename(their.id, to: own.id)
    }

    private func result(
        _ body: () async throws(EtcdError) -> StoreAnswer
    ) async -> Result<StoreAnswer, EtcdError> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

extension StoreOperation {
    /// Whether it can delete a key.
    fileprivate var mayDelete: Bool {
        switch self {
        case .write(.delete), .write(.transaction), .revoke: true
        case .write(.put), .range, .compact, .grant, .keepAlive, .timeToLive, .leases: false
        }
    }
}
