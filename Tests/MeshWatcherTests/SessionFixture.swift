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
                settings: WatchSessionSettings(limits, progressInterval: progressInterval)
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
    static func segment(
        _ revisions: [Int64],
        first: Int64,
        last: Int64,
        valueBytes: Int = 1
    ) -> EncodedSegment {
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
        return EncodedSegment(batch, from: Revision(first))
    }

    /// All events of such a segment.
    static func slice(
        _ revisions: [Int64],
        first: Int64,
        last: Int64,
        valueBytes: Int = 1
    ) -> SegmentSlice {
        segment(revisions, first: first, last: last, valueBytes: valueBytes).slice(from: Revision(first))
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
