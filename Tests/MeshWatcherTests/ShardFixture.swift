import MeshCore
import MeshStore

@testable import MeshWatcher

/// Does a shard's sweeps when the test says so, on the test's thread, at a time that the test tells.
final class ManualTrigger: SweepTrigger {
    private struct State {
        var now = Duration.seconds(100)
        var isDue = false
        var time: Duration?
        var isCancelled = false
        var sweep: (@Sendable () -> Void)?
    }

    private let state = Locked(State())

    var now: Duration { state.withLock { $0.now } }

    /// Whether a sweep is asked for now, and for when the next one is.
    var isDue: Bool { state.withLock { $0.isDue } }
    var time: Duration? { state.withLock { $0.time } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func set(_ sweep: @escaping @Sendable () -> Void) { state.withLock { $0.sweep = sweep } }

    func schedule() { state.withLock { $0.isDue = true } }

    func schedule(at time: Duration) { state.withLock { $0.time = min($0.time ?? time, time) } }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.sweep = nil
        }
    }

    /// Does one sweep if one is asked for.
    ///
    /// - Returns: whether one was.
    @discardableResult
    func sweepOnce() -> Bool {
        let sweep = state.withLock { state -> (@Sendable () -> Void)? in
            if let time = state.time, time <= state.now {
                state.time = nil
                state.isDue = true
            }
            defer { state.isDue = false }
            return state.isDue ? state.sweep : nil
        }
        sweep?()
        return sweep != nil
    }

    /// Does all sweeps that are asked for now, also by the sweeps themselves.
    @discardableResult
    func sweepAll() -> Int {
        var count = 0
        while count < 100_000, sweepOnce() { count += 1 }
        return count
    }

    /// Lets time pass, and then does all that is due.
    func advance(by time: Duration) {
        state.withLock { $0.now += time }
        sweepAll()
    }
}

extension WatchShard {
    /// A shard whose sweeps a test does.
    static func manual(
        _ reader: StoreReader,
        _ configure: (inout WatcherLimits) -> Void = { _ in }
    ) -> (WatchShard, ManualTrigger) {
        var limits = WatcherLimits()
        configure(&limits)
        let trigger = ManualTrigger()
        let shard = WatchShard(reader: reader, limits: limits, now: { trigger.now }) { sweep in
            trigger.set(sweep)
            return trigger
        }
        return (shard, trigger)
    }
}

/// A stream as a shard sees it: takes events the way a session does, and checks that none is missing or comes twice.
final class FakeMember: WatchShardMember {
    /// What one group has got.
    struct Group {
        let subscription: WatchSubscription
        /// The first revision that has not been taken.
        var next: Revision
        let first: Revision
        var revisions: [Revision] = []
        var isCompacted = false
    }

    private struct State {
        var groups: [WatchGroupID: Group] = [:]
        var lastGroup: UInt64 = 0
        var calls: [String] = []
        /// Called when something is announced, once.
        var interruption: (@Sendable () -> Void)?
        /// The shard holds its members; a member that held the shard, and is not closed, would stay for ever.
        weak var shard: WatchShard?
    }

    let name: String
    private let state: Locked<State>

    init(_ shard: WatchShard, name: String = "") {
        state = Locked(State(shard: shard))
        self.name = name
    }

    private var shard: WatchShard? { state.withLock { $0.shard } }

    /// What was told, in its order: "announced", "send", "synced 5 up to 1", "replaced".
    var calls: [String] { state.withLock { $0.calls } }
    var groups: [WatchGroupID: Group] { state.withLock { $0.groups } }

    func forgetCalls() { state.withLock { $0.calls = [] } }

    func interruptOnce(_ interruption: @escaping @Sendable () -> Void) {
        state.withLock { $0.interruption = interruption }
    }

    @discardableResult
    func join(_ range: KeyRange, _ options: WatchOptions = WatchOptions()) -> WatchGroupID {
        let subscription = WatchSubscription(range, options: options)
        return state.withLock { state in
            state.lastGroup += 1
            let group = WatchGroupID(rawValue: state.lastGroup)
            // Under the member's lock, as a stream does it.
            guard let announced = state.shard?.join(self, group, subscription) else { return group }
            state.groups[group] = Group(subscription: subscription, next: announced.next, first: announced.next)
            return group
        }
    }

    func leave(_ group: WatchGroupID) {
        state.withLock { state in
            guard let left = state.groups.removeValue(forKey: group) else { return }
            state.shard?.leave(self, group, left.subscription)
        }
    }

    func requestSync() { shard?.requestSync(self) }

    func close() {
        shard?.remove(self)
        state.withLock { $0.groups = [:] }
    }

    // MARK: - WatchShardMember

    func announced(_ group: WatchGroupID, _ segment: EncodedSegment?, through: Revision) -> Int {
        let interruption = state.withLock { state in
            state.calls.append("announced")
            take(group, segment, through, &state)
            defer { state.interruption = nil }
            return state.interruption
        }
        interruption?()
        return 1
    }

    private func take(_ id: WatchGroupID, _ segment: EncodedSegment?, _ through: Revision, _ state: inout State) {
        guard let shard = state.shard, var group = state.groups[id] else { return }
        if let segment, segment.last >= group.next { append(segment.slice(from: group.next), to: &group) }
        while group.next <= through, !group.isCompacted {
            switch shard.segments.read(group.subscription, from: group.next) {
            case .events(let slice): append(slice, to: &group)
            case .nothing(let last): group.next = last.next
            case .compacted: group.isCompacted = true
            }
        }
        state.groups[id] = group
    }

    private func append(_ slice: SegmentSlice, to group: inout Group) {
        for event in slice.events { group.revisions.append(slice.segment.revision(ofEvent: event)) }
        group.next = max(group.next, slice.last.next)
    }

    func send() { state.withLock { $0.calls.append("send") } }

    func synced(through: Revision, groupsUpTo last: WatchGroupID) {
        state.withLock { $0.calls.append("synced \(through) up to \(last.rawValue)") }
    }

    func historyReplaced() { state.withLock { $0.calls.append("replaced") } }

    func timePassed(now: Duration) {}
}
