import ClusterMesh
import ClusterMeshTestKit
import MeshWire

/// Records the watches of one client, stream after stream: every watch goes on where it was cut off.
///
/// It does no I/O: it says what to ask for, and is told what came.
struct WatchRecorder: Sendable {
    /// A message that no watch of the client can have got.
    struct Unexpected: Error, CustomStringConvertible {
        var description: String
    }

    private struct Slot {
        /// What the client wants; its watch ID and start change with every watch.
        let wish: WatchCreateRequest
        var watchID: Int64 = 0
        var isCreated = false
        var history: WatchHistory
        var earlier: [WatchHistory] = []
    }

    private let name: String
    private var slots: [Slot]
    /// A watch ID is never used twice: etcd 3.4 still has that of a watch that compaction ended.
    private var lastID: Int64 = 0
    /// How many watches compaction ended.
    private(set) var compactions = 0

    init(_ name: String, _ wishes: [WatchCreateRequest]) {
        self.name = name
        slots = wishes.map { Slot(wish: $0, history: Self.history($0, name)) }
    }

    /// Every watch that was made, in no order.
    var histories: [WatchHistory] { slots.flatMap { $0.earlier + [$0.history] } }

    /// Whether every watch has been sent everything up to `revision`.
    func hasReached(_ revision: Revision) -> Bool {
        slots.allSatisfy { $0.isCreated && ($0.history.resumeRevision ?? .none) > revision }
    }

    /// Whether every watch has been confirmed.
    var isReady: Bool { slots.allSatisfy(\.isCreated) }

    /// A new stream begins: what to ask for on it.
    mutating func streamOpened() -> [WatchCreateRequest] {
        slots.indices.map { ask($0) }
    }

    /// A message came; what to ask for because of it, if anything.
    mutating func received(_ message: WatchServerMessage) throws -> WatchCreateRequest? {
        guard let revision = message.header?.revision else {
            throw Unexpected(description: "\(name) got a message without header: \(message)")
        }
        if message.watchID == -1, !message.created {
            for index in slots.indices where slots[index].isCreated {
                slots[index].history.messages.append(.streamProgress(revision))
            }
            return nil
        }
        guard let index = slots.firstIndex(where: { $0.watchID == message.watchID }) else {
            throw Unexpected(description: "\(name) got a message of no watch: \(message)")
        }
        switch (message.created, message.canceled) {
        case (true, false):
            slots[index].isCreated = true
            slots[index].history.messages.append(.created(revision))
        case (false, true) where message.compactRevision > .none:
            compactions += 1
            slots[index].history.messages.append(.compacted(message.compactRevision))
            return ask(index)
        case (_, true):
            throw Unexpected(description: "\(name) was refused a watch: \(message)")
        case (false, false) where message.events.isEmpty:
            slots[index].history.messages.append(.progress(revision))
        case (false, false):
            slots[index].history.messages.append(
                .events(message.events, header: revision, isPart: message.fragment)
            )
        }
        return nil
    }

    /// The request for the watch that goes on where the slot's last one ended.
    private mutating func ask(_ index: Int) -> WatchCreateRequest {
        lastID += 1
        var request = slots[index].wish
        request.watchID = lastID
        // A watch that was never confirmed has missed nothing that it could name.
        request.startRevision = slots[index].history.resumeRevision ?? request.startRevision
        if !slots[index].history.messages.isEmpty { slots[index].earlier.append(slots[index].history) }
        slots[index].history = Self.history(request, name)
        slots[index].watchID = lastID
        slots[index].isCreated = false
        return request
    }

    private static func history(_ request: WatchCreateRequest, _ name: String) -> WatchHistory {
        WatchHistory(
            "\(name), watch \(request.watchID) of \(request.range) from \(request.startRevision)",
            request.range,
            from: request.startRevision,
            options: request.options,
            takesParts: request.fragment
        )
    }
}
