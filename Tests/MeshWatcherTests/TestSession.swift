import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

/// A session with a shard that does what the session asks of it, in a class, because the macros of the tests cannot
/// call what changes a value without copies.
///
/// The shard has announced to a group that joins everything up to the store's revision, and answers a request for a
/// sync when the session is asked for its next message, as one with nothing to announce would; a test that needs
/// another shard says so. After every call the session is held to its invariants.
final class TestSession {
    private var machine: WatchSessionStateMachine
    /// The groups that have joined, in their order, and not left.
    private(set) var groups: [(id: WatchGroupID, subscription: WatchSubscription)] = []
    private(set) var newestGroup = WatchGroupID(rawValue: 0)
    /// What a group that joins is told; the store's revision if `nil`.
    var announcedAtJoin: Revision?
    var syncsByItself = true
    private(set) var syncRequests = 0
    private(set) var isSyncRequested = false
    /// The store's revision as the session was told last.
    private(set) var store = Revision.none

    init(_ machine: consuming WatchSessionStateMachine) {
        self.machine = machine
    }

    var watchCount: Int { machine.watchCount }

    /// What the session holds of watches, groups and turns together; none without watches.
    var heldParts: Int {
        machine.watches.count + machine.watchSlots.count + machine.groups.count + machine.groupSlots.count
            + Int(machine.rounds.count + machine.lagging.count + machine.membersInRounds) + machine.quiet.count
    }

    // MARK: - The shard's side

    /// Announces one put at each of `revisions` to one group, or to all.
    func announce(
        _ revisions: [Int64],
        first: Int64,
        last: Int64,
        through: Int64? = nil,
        to group: WatchGroupID? = nil,
        valueBytes: Int = 1
    ) {
        let segment = SessionFixture.segment(revisions, first: first, last: last, valueBytes: valueBytes)
        announce(segment, through: Revision(through ?? last), to: group)
    }

    /// Announces to one group, or to all.
    func announce(_ segment: EncodedSegment?, through: Revision, to group: WatchGroupID? = nil) {
        for id in group.map({ [$0] }) ?? groups.map(\.id) { machine.announced(id, segment, through: through) }
        settle()
    }

    /// Says that everything up to `revision` has been announced.
    @discardableResult
    func sync(through revision: Revision, groupsUpTo last: WatchGroupID? = nil) -> Bool {
        defer { settle() }
        isSyncRequested = false
        return machine.synced(through: revision, groupsUpTo: last ?? newestGroup)
    }

    /// Does what the session asks of its shard.
    private func settle() {
        for action in machine.takeShardActions() {
            switch action {
            case .join(let id, let subscription):
                newestGroup = id
                groups.append((id, subscription))
                machine.joined(id, announced: announcedAtJoin ?? store)
            case .leave(let id, _):
                groups.removeAll { $0.id == id }
            case .requestSync:
                isSyncRequested = true
                syncRequests += 1
            }
        }
        machine.checkInvariants()
    }

    private func told(_ store: Revision) {
        self.store = max(self.store, store)
    }

    // MARK: - The driver's side

    func createRequested(
        _ request: WatchCreateRequest,
        peerHasRoom: Bool = true,
        store: Revision
    ) -> WatchSessionStateMachine.ReadingAction {
        told(store)
        defer { settle() }
        return machine.createRequested(request, peerHasRoom: peerHasRoom, store: store)
    }

    func cancelRequested(_ id: Int64, store: Revision) -> WatchSessionStateMachine.ReadingAction {
        told(store)
        defer { settle() }
        return machine.cancelRequested(id, store: store)
    }

    func progressRequested(store: Revision) -> WatchSessionStateMachine.ReadingAction {
        told(store)
        defer { settle() }
        return machine.progressRequested(store: store)
    }

    func historyObserved(_ header: ResponseHeader, of generation: UInt64, firstWatchable: Revision) {
        defer { settle() }
        store = header.revision
        machine.historyObserved(header, of: generation, firstWatchable: firstWatchable)
    }

    func accessChanged(
        to readable: [KeyRange],
        prepared: WatchMessage? = nil,
        store: Revision
    ) -> WatchSessionStateMachine.AccessAction {
        told(store)
        defer { settle() }
        return machine.accessChanged(to: KeyRangeSet(readable), prepared: prepared, store: store)
    }

    func clientFinished(store: Revision) {
        told(store)
        defer { settle() }
        machine.clientFinished(store: store)
    }

    /// Whether there is something to send once the shard has answered, if it does by itself.
    func timePassed(now: Duration, store: Revision = .none) -> Bool {
        told(store)
        let sends = machine.timePassed(now: now, store: self.store)
        settle()
        return syncIfAsked() || sends
    }

    func next(store: Revision) -> WatchSessionStateMachine.NextAction {
        told(store)
        _ = syncIfAsked()
        defer { settle() }
        return machine.next(store: store)
    }

    func readFinished(_ result: WatchReadResult) -> WatchMessage? {
        defer { settle() }
        return machine.readFinished(result)
    }

    private func syncIfAsked() -> Bool {
        guard syncsByItself, isSyncRequested else { return false }
        return sync(through: store)
    }

    // MARK: - Several calls

    /// Makes a watch, takes its answer away and returns its ID.
    func make(_ request: WatchCreateRequest, store: Revision) throws -> Int64 {
        _ = createRequested(request, store: store)
        let head = try next(store: store).sent.head
        guard head.created, !head.canceled else {
            throw UnexpectedAction(description: "the watch was refused: \(head)")
        }
        return head.watchID
    }

    /// Answers the read that must come next with "nothing".
    func readNothing(store: Revision) throws {
        _ = try next(store: store).read
        let message = readFinished(.nothing(upTo: store))
        if let message { throw UnexpectedAction(description: "an idle read sent \(message.head)") }
    }

    /// The messages that are sent until the session asks for something else.
    func messages(store: Revision) -> [WatchMessage] {
        var messages: [WatchMessage] = []
        while case .send(let message, _) = next(store: store) { messages.append(message) }
        return messages
    }
}
