import ClusterMeshTestKit
import MeshCore
import MeshWire

/// The same watches on both servers, on one stream each.
struct WatchTwins {
    private var ours: RecordedStream
    private var theirs: RecordedStream

    /// Opens the streams and asks for the watches.
    init(_ twins: DifferentialTwins, _ wishes: [WatchCreateRequest]) async throws {
        ours = try await RecordedStream(twins.ours, WatchRecorder("ours", wishes))
        theirs = try await RecordedStream(twins.theirs, WatchRecorder("etcd", wishes))
    }

    /// Reads until every watch has been sent everything up to `revision`.
    mutating func catchUp(to revision: Revision) async throws {
        try await ours.catchUp(to: revision)
        try await theirs.catchUp(to: revision)
    }

    /// Where the watches were not sent the same; `nil` if they were.
    func difference(_ toOurs: LeaseRenaming) -> Difference? {
        let ours = ours.recorder.histories.map(SentToWatch.init)
        let theirs = theirs.recorder.histories.map { history in
            var sent = SentToWatch(history)
            sent.events = toOurs(sent.events)
            return sent
        }
        if ours == theirs { return nil }
        for (own, their) in zip(ours, theirs) where own != their {
            return Difference(what: "watch \(own.request)", ours: "\(own)", theirs: "\(their)")
        }
        return Difference(what: "watches", ours: "\(ours.count) of them", theirs: "\(theirs.count)")
    }

    func close() {
        ours.stream.close()
        theirs.stream.close()
    }
}

/// What must be the same on both; in how many messages events come, how often progress is told, and when a watch was
/// made again after compaction, need not.
private struct SentToWatch: Equatable {
    var request: WatchHistory
    var compactedTo: [Revision] = []
    var events: [WatchEvent]

    init(_ history: WatchHistory) {
        request = history
        request.name = ""
        request.messages = []
        events = history.events
        for case .compacted(let revision) in history.messages { compactedTo.append(revision) }
    }
}

/// One stream of watches, read when asked to.
private struct RecordedStream {
    let stream: WatchClient
    private(set) var recorder: WatchRecorder

    init(_ client: EtcdWriter, _ recorder: WatchRecorder) async throws {
        stream = try WatchClient(client)
        self.recorder = recorder
        for request in self.recorder.streamOpened() { try await stream.send(.create(request)) }
        // Both have the watches before anything else happens.
        while !self.recorder.isReady { try await readOne() }
    }

    mutating func catchUp(to revision: Revision) async throws {
        while !recorder.hasReached(revision) { try await readOne() }
    }

    private mutating func readOne() async throws {
        if let request = try recorder.received(try await stream.next()) { try await stream.send(.create(request)) }
    }
}
