import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

/// What a session's tests share: how to make one, to take its actions apart, and to make slices of events.
enum SessionFixture {
    static let identity = StoreIdentity(clusterID: 0xC1, memberID: 0x3E)

    static func session(
        readable: [KeyRange] = [.all],
        progressInterval: Duration = .seconds(600),
        _ configure: (inout WatcherLimits) -> Void = { _ in }
    ) -> TestSession {
        var limits = WatcherLimits()
        configure(&limits)
        return TestSession(
            WatchSessionStateMachine(
                identity: identity,
                readable: KeyRangeSet(readable),
                limits: limits,
                progressInterval: progressInterval
            )
        )
    }

    static func header(_ revision: Int64) -> ResponseHeader {
        ResponseHeader(
            clusterID: identity.clusterID,
            memberID: identity.memberID,
            revision: Revision(revision),
            raftTerm: 1
        )
    }

    /// A segment of one put a revision, from `first` to `last`; A revision named twice has two events.
    static func slice(
        _ revisions: [Int64],
        first: Int64,
        last: Int64,
        valueBytes: Int = 1
    ) -> SegmentSlice {
        let events = revisions.enumerated().map { index, revision in
            WatchEvent(
                kind: .put,
                pair: KeyValue(
                    key: Key("k\(index)"),
                    createRevision: Revision(revision),
                    modRevision: Revision(revision),
                    version: 1,
                    value: Array(repeating: UInt8(ascii: "v"), count: valueBytes)
                )
            )
        }
        let batch = WatchBatch(events: events, revision: Revision(last))
        return EncodedSegment(batch, from: Revision(first)).slice(from: Revision(first))
    }
}

struct UnexpectedAction: Error, CustomStringConvertible {
    var description: String
}

extension WatchSessionStateMachine.NextAction {
    /// The message that the action sends.
    var sent: WatchMessage {
        get throws {
            guard case .send(let message, _) = self else {
                throw UnexpectedAction(description: "\(self), not a message")
            }
            return message
        }
    }

    /// The read that the action asks for.
    var read: WatchRead {
        get throws {
            guard case .read(let read) = self else { throw UnexpectedAction(description: "\(self), not a read") }
            return read
        }
    }

    var isIdle: Bool {
        if case .idle = self { return true }
        return false
    }

    /// The error that the action ends the stream with.
    var failure: EtcdError? {
        if case .fail(let error) = self { return error }
        return nil
    }

    var isFinish: Bool {
        if case .finish = self { return true }
        return false
    }

    var resumesReading: Bool {
        guard case .send(_, let resumes) = self else { return false }
        return resumes
    }
}

/// A session in a class, because the macros of the tests cannot call what changes a value without copies.
final class TestSession {
    private var machine: WatchSessionStateMachine

    init(_ machine: consuming WatchSessionStateMachine) {
        self.machine = machine
    }

    var watchCount: Int { machine.watches.count }

    /// The watches that stand in one of the two lines.
    var linedUp: Int { machine.ready.count + machine.waiting.count }

    func createRequested(
        _ request: WatchCreateRequest,
        peerHasRoom: Bool = true,
        store: Revision
    ) -> WatchSessionStateMachine.ReadingAction {
        machine.createRequested(request, peerHasRoom: peerHasRoom, store: store)
    }

    func cancelRequested(_ id: Int64, store: Revision) -> WatchSessionStateMachine.ReadingAction {
        machine.cancelRequested(id, store: store)
    }

    func progressRequested(store: Revision) -> WatchSessionStateMachine.ReadingAction {
        machine.progressRequested(store: store)
    }

    func historyObserved(_ header: ResponseHeader, of generation: UInt64, firstWatchable: Revision) {
        machine.historyObserved(header, of: generation, firstWatchable: firstWatchable)
    }

    func accessChanged(
        to readable: [KeyRange],
        prepared: WatchMessage? = nil,
        store: Revision
    ) -> WatchSessionStateMachine.AccessAction {
        machine.accessChanged(to: KeyRangeSet(readable), prepared: prepared, store: store)
    }

    func clientFinished(store: Revision) { machine.clientFinished(store: store) }

    func timePassed(now: Duration) -> Bool { machine.timePassed(now: now) }

    func next(store: Revision) -> WatchSessionStateMachine.NextAction { machine.next(store: store) }

    func readFinished(_ result: WatchReadResult) -> WatchMessage? { machine.readFinished(result) }

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
}

extension WatchCreateRequest {
    /// A watch of all keys.
    static func all(
        from start: Revision = .none,
        id: Int64 = 0,
        progress: Bool = false,
        fragment: Bool = false
    ) -> WatchCreateRequest {
        WatchCreateRequest(
            .all,
            from: start,
            progressNotify: progress,
            watchID: id,
            fragment: fragment
        )
    }
}
