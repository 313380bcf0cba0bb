internal import MeshClient
internal import MeshCore
internal import MeshRecords

/// Applies what a mirror's follower reads: first the peer's cluster config, and, once it is the right one, its records.
struct MirrorApplier: FollowApplier {
    private let core: MirrorCore

    init(_ core: MirrorCore) {
        self.core = core
    }

    func mayFollow(range index: Int) -> Bool {
        core.read { $0.kinds.mayFollow(MirrorRange.all[index]) }
    }

    func takeForgottenRanges() -> [Int] {
        // Asked before every message, and hardly ever is there one.
        guard core.read({ !$0.forgotten.isEmpty }) else { return [] }
        return core.update { state in
            defer { state.forgotten = [] }
            return state.forgotten.map(\.index)
        }
    }

    func serverAnswered(clusterID: UInt64) {
        core.update { state in
            if state.status.storeID != clusterID { state.status.storeRevision = .none }
            state.status.storeID = clusterID
            state.machine.answered()
        }
    }

    func listingBegan(_ cause: ListingCause, ofRange index: Int) {
        core.update { $0.listingBegan(cause, of: MirrorRange.all[index], at: .now) }
    }

    func watchBegan(ofRange index: Int) async throws(FollowError) {
        let range = MirrorRange.all[index]
        core.update { $0.watchBegan(range, at: .now) }
        if range == .config { try await core.configCaughtUp() }
    }

    func apply(_ batch: FollowedBatch, ofRange index: Int, progress: FollowProgress) async throws(FollowError) {
        let range = MirrorRange.all[index]
        switch range {
        case .config:
            for event in batch.events {
                try await core.configTold(event.kind == .put ? IdentificationStateMachine.read(event.pair) : nil)
            }
            core.update { $0.noteProgress(batch, range, progress) }
        case .heartbeat:
            core.update { state in
                if batch.events.contains(where: { $0.kind == .put }) { state.heartbeat.beat(at: .now) }
                state.noteProgress(batch, range, progress)
            }
        case .canaries:
            core.update { state in
                for event in batch.events { state.canaryTold(event) }
                state.noteProgress(batch, range, progress)
            }
        case .records(let kind, _):
            try await applyRecords(batch, kind, range, progress)
        }
    }

    /// Holds a peer back that sends more than the mirror's rate.
    func pause(after amount: ReadAmount) async {
        let delay = core.update { state -> Duration in
            let delay = state.rate.read(amount, isSynchronised: state.machine.state.isCurrent, at: .now)
            // What is less than a timer can keep adds up to more.
            guard delay >= .milliseconds(1) else { return .zero }
            state.status.throttledFor += delay
            // A heartbeat may wait behind what is not read.
            state.heartbeat.readingPaused(at: .now)
            return delay
        }
        guard delay > .zero else { return }
        // Cancelled: the next read says so.
        try? await Task.sleep(for: delay)
        core.update { $0.readingResumed(at: .now) }
    }

    private func applyRecords(
        _ batch: FollowedBatch, _ kind: RecordKind, _ range: MirrorRange, _ progress: FollowProgress
    ) async throws(FollowError) {
        guard let decoder = core.read({ $0.decoder }) else {
            throw FollowError(.refused, "records came before the peer was identified")
        }
        let turn = core.configuration.recordsPerTurn
        let isListing = batch.revision == nil || batch.listing != nil
        let isLong = batch.events.count > turn
        if isLong { core.update { $0.heartbeat.readingPaused(at: .now) } }
        var changes: [ClusterCache.Change] = []
        for (position, event) in batch.events.enumerated() {
            changes.append(ClusterCache.Change(event, decoder))
            guard (position + 1).isMultiple(of: turn) else { continue }
            await Task.yield()
            // The mirror ends; what is left is told again if it is run anew.
            if Task.isCancelled { throw FollowError(.refused, "the mirror ends") }
            // A revision is seen whole or not at all; a listing is read in parts anyway.
            let isLast = position + 1 == batch.events.count
            if isListing || (!isLast && batch.events[position + 1].revision != event.revision) {
                commit(changes)
                changes.removeAll(keepingCapacity: true)
            }
        }
        commit(changes) { state in
            if isLong { state.readingResumed(at: .now) }
            if batch.listing != nil { state.listed(kind) }
            state.noteProgress(batch, range, progress)
        }
        await core.finishLeftovers()
    }

    private func commit(
        _ changes: [ClusterCache.Change], finally: (inout MirrorCore.State) -> Void = { _ in }
    ) {
        core.update { state in
            var updates: [RecordUpdate] = []
            var told: [MirroredPair] = []
            for change in changes {
                if state.layoutChange.isUnderWay, let key = change.recordKey { state.layoutChange.met(key) }
                if state.sink != nil, let pair = change.mirrored { told.append(pair) }
                guard let change = state.cache.apply(change) else { continue }
                state.count(change)
                updates.append(.changed(change))
            }
            finally(&state)
            state.publish(updates)
            if !told.isEmpty { state.tell(.changed(told)) }
        }
    }
}

extension ClusterCache.Change {
    /// The record that is there after it, be it the last good one.
    fileprivate var recordKey: RecordKey? {
        switch content {
        case .record(let record): record.key
        case .refused(_, kept: let key): key
        case .deleted: nil
        }
    }

    /// What a sink is told.
    fileprivate var mirrored: MirroredPair? {
        switch content {
        case .record(let record): .put(record.key, value: pair)
        case .refused: nil
        case .deleted(let key): key.map { .delete($0) }
        }
    }
}

extension MirrorCore {
    /// Lets go of what a listing in the new layout did not meet, in steps.
    func finishLeftovers() async {
        guard read({ !$0.leftovers.isEmpty }) else { return }
        while update({ $0.removeLeftovers() }) { await Task.yield() }
    }
}

extension MirrorCore.State {
    mutating func listingBegan(_ cause: ListingCause, of range: MirrorRange, at now: ContinuousClock.Instant) {
        machine.listingBegan(range)
        heartbeat.readingPaused(at: now)
        listing.insert(range)
        guard case .records(let kind, _) = range else { return }
        kinds.listingBegan(kind)
        resync.causes.insert(cause)
        if cause != .first { status.resyncs[cause, default: 0] += 1 }
    }

    mutating func watchBegan(_ range: MirrorRange, at now: ContinuousClock.Instant) {
        machine.watchBegan(range)
        listing.remove(range)
        readingResumed(at: now)
        switch range {
        case .config, .canaries: break
        case .heartbeat: heartbeat.watchBegan(at: now)
        case .records(let kind, _):
            kinds.watchBegan(kind)
            tell(.synchronised(kind))
        }
    }

    /// The mirror reads again, unless it is still reading one thing before another.
    mutating func readingResumed(at now: ContinuousClock.Instant) {
        if listing.isEmpty { heartbeat.readingResumed(at: now) }
    }

    /// A canary was found; its deletion takes nothing back.
    mutating func canaryTold(_ event: WatchEvent) {
        guard event.kind == .put,
            case .canary(status.cluster, let kind, let layout)? = try? StateKey(parsing: event.pair.key)
        else { return }
        kinds.canaryFound(kind, layout)
    }

    /// A kind is listed completely.
    mutating func listed(_ kind: RecordKind) {
        leftovers += layoutChange.listed(kind, held: cache.tables.keys(kind))
    }

    /// Lets the next records of the former layout go; answers whether there are more.
    mutating func removeLeftovers() -> Bool {
        guard !leftovers.isEmpty else { return false }
        remove(leftovers.suffix(Withdrawal.recordsPerStep), isToldToSink: true)
        leftovers.removeLast(min(Withdrawal.recordsPerStep, leftovers.count))
        return !leftovers.isEmpty
    }

    mutating func noteProgress(_ batch: FollowedBatch, _ range: MirrorRange, _ progress: FollowProgress) {
        if let revision = batch.revision { revisions[range] = revision }
        // Each range knows only what its own answers said; a listing may have found a store that went back.
        status.storeRevision =
            batch.listing == nil ? max(status.storeRevision, progress.storeRevision) : progress.storeRevision
        status.keys = progress.budget.keys
        status.bytes = progress.budget.bytes
        status.budgetRefusals = progress.budget.refusals
        behindSince = status.storeRevision > revision ? behindSince ?? .now : nil
    }

    mutating func count(_ change: RecordChange) {
        let path: WritableKeyPath<ChangeCounts, Int> =
            change.old == nil ? \.added : change.new == nil ? \.removed : \.changed
        resync.changes[keyPath: path] += 1
        status.changesOnConnection[keyPath: path] += 1
    }
}
