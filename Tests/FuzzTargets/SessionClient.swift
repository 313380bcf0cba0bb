import ClusterMeshTestKit
import MeshCore
import MeshRPC
import MeshWatcher
import MeshWire

/// The client of a session that is played: what it asked for, and what every watch was sent, read from the bytes.
struct SessionClient {
    /// What was written to the store.
    var writes = WriteHistory()

    private var pendingCreates: [WatchCreateRequest] = []
    private var open: [Int64: WatchHistory] = [:]
    private var ended: [WatchHistory] = []

    mutating func asked(for request: WatchCreateRequest) {
        pendingCreates.append(request)
    }

    mutating func received(_ sent: WatchMessage) throws(FuzzFinding) {
        let message: WatchServerMessage
        do {
            message = try WatchCodec.decodeResponse(sent.bytes)
        } catch {
            throw FuzzFinding("the client cannot read \(sent.head): \(error)")
        }
        guard let revision = message.header?.revision else { throw FuzzFinding("no header in \(message)") }
        if message.created { return try created(message, revision) }
        guard message.watchID != -1 else {
            for id in open.keys { open[id]?.messages.append(.streamProgress(revision)) }
            return
        }
        guard var history = open[message.watchID] else { throw FuzzFinding("no watch was asked for \(message)") }
        if message.canceled {
            // Here, too, the header says how far the watch has been sent everything. A peer that may not read the keys any
            // more is not even sent the rest of a message in parts.
            let isCutOff = !message.cancelReason.isEmpty && history.isInsideOfMessage
            if !isCutOff { history.messages.append(.progress(revision)) }
            if message.compactRevision > .none { history.messages.append(.compacted(message.compactRevision)) }
            ended.append(history)
            open[message.watchID] = nil
            return
        }
        history.messages.append(
            message.events.isEmpty
                ? .progress(revision) : .events(message.events, header: revision, isPart: message.fragment)
        )
        open[message.watchID] = history
    }

    /// Holds every watch to what etcd promises; at rest, each one has been sent everything.
    mutating func judge(at revision: Revision, hasEnded: Bool) throws(FuzzFinding) {
        guard pendingCreates.isEmpty else { throw FuzzFinding("\(pendingCreates.count) watches were never answered") }
        // A stream that the client has finished may end before its last writes.
        if !hasEnded {
            for id in open.keys { open[id]?.messages.append(.streamProgress(revision)) }
        }
        let violations = WatchHistoryValidator(writes).violations(in: ended + open.values)
        if let first = violations.first { throw FuzzFinding("\(violations.count) violations: \(first)") }
    }

    private mutating func created(_ message: WatchServerMessage, _ revision: Revision) throws(FuzzFinding) {
        guard !pendingCreates.isEmpty else { throw FuzzFinding("nobody asked for \(message)") }
        let request = pendingCreates.removeFirst()
        if message.canceled {
            guard message.watchID == -1, !message.cancelReason.isEmpty else {
                throw FuzzFinding("the refusal of \(request) is \(message)")
            }
            return
        }
        guard open[message.watchID] == nil, request.watchID == 0 || request.watchID == message.watchID else {
            throw FuzzFinding("\(request) was given the watch ID \(message.watchID)")
        }
        var history = WatchHistory(
            "watch \(message.watchID) of \(request.range) from \(request.startRevision)",
            request.range,
            from: request.startRevision,
            options: request.options,
            takesParts: request.fragment
        )
        history.messages.append(.created(revision))
        open[message.watchID] = history
    }
}

extension WatchHistory {
    /// Whether the last message was a part that another one must follow.
    fileprivate var isInsideOfMessage: Bool {
        if case .events(_, _, isPart: true) = messages.last { true } else { false }
    }
}

extension WatchMessage {
    /// The message as it is sent.
    fileprivate var bytes: [UInt8] {
        var bytes = WatchCodec.encodeHead(head)
        if let events {
            events.segment.block.withSpan { span in
                for index in events.bytes { bytes.append(span[index]) }
            }
        }
        return bytes
    }
}
