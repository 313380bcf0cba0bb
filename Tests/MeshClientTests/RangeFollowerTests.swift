import MeshCore
import MeshWire
import TestSupport
import Testing

@testable import MeshClient

/// Applies to maps, and can be told to refuse or to hold ranges back.
private final class RecordingApplier: FollowApplier {
    struct State {
        var pairs: [Int: [Key: KeyValue]] = [:]
        var began: [Int: [ListingCause]] = [:]
        var watching: [Int] = []
        var answers: [UInt64] = []
        var revisions: [Int: Revision] = [:]
        var held: Set<Int> = []
        var refuses = false
        var reads: [ReadAmount] = []
        var holdsBack = false
        var requestProgress: (@Sendable () async throws(EtcdError) -> Void)?
    }

    let state: Locked<State>

    init(holding held: Set<Int> = []) {
        state = Locked(State(held: held))
    }

    func pairs(_ index: Int) -> [Key: KeyValue] { state.withLock { $0.pairs[index] ?? [:] } }
    func began(_ index: Int) -> [ListingCause] { state.withLock { $0.began[index] ?? [] } }

    func mayFollow(range index: Int) -> Bool { state.withLock { !$0.held.contains(index) } }
    func serverAnswered(clusterID: UInt64) { state.withLock { $0.answers.append(clusterID) } }
    func streamOpened(requestProgress: @escaping @Sendable () async throws(EtcdError) -> Void) {
        state.withLock { $0.requestProgress = requestProgress }
    }
    func listingBegan(_ cause: ListingCause, ofRange index: Int) {
        state.withLock { $0.began[index, default: []].append(cause) }
    }
    func watchBegan(ofRange index: Int) { state.withLock { $0.watching.append(index) } }
    func pause(after amount: ReadAmount) async {
        state.withLock { $0.reads.append(amount) }
        while state.withLock({ $0.holdsBack }), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
    }

    func apply(_ batch: FollowedBatch, ofRange index: Int, progress: FollowProgress) async throws(FollowError) {
        try state.withLock { state throws(FollowError) in
            if state.refuses { throw FollowError(.refused, "not this one") }
            for event in batch.events {
                state.pairs[index, default: [:]][event.pair.key] = event.kind == .put ? event.pair : nil
            }
            if let revision = batch.revision { state.revisions[index] = revision }
        }
    }
}

struct RangeFollowerTests {
    private let ranges: [KeyRange] = [.prefix("a/"), .prefix("b/")]

    private func server() -> ModelServer {
        var server = ModelServer()
        for number in 0..<5 { server.put((Key("a/\(number)"), "1"), (Key("b/\(number)"), "2")) }
        return server
    }

    /// Follows over one connection while `body` runs; answers why it ended.
    private func following(
        _ source: ScriptedSource,
        _ applier: RecordingApplier,
        ranges: [KeyRange]? = nil,
        configuration: FollowConfiguration = FollowConfiguration(),
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> FollowError? {
        let ranges = ranges ?? self.ranges
        return try await within(.seconds(20)) {
            try await withThrowingTaskGroup(of: FollowError?.self) { group in
                group.addTask {
                    let follower = RangeFollower(ranges: ranges, configuration: configuration)
                    do throws(FollowError) {
                        try await follower.follow(source: source, applying: applier)
                    } catch {
                        return error
                    }
                }
                group.addTask {
                    // Cancelled once the following has ended.
                    do { try await body() } catch is CancellationError {}
                    return nil
                }
                var error: FollowError?
                for try await end in group {
                    if let end { error = end }
                    group.cancelAll()
                }
                return error
            }
        }
    }

    /// Waits until the following has ended by itself.
    private func end() async throws {
        try await Task.sleep(for: .seconds(15))
        Issue.record("the following does not end")
    }

    /// Confirms the watches as they are asked for.
    private func confirm(_ source: ScriptedSource, _ count: Int) async throws {
        try await eventually("a stream is opened") { !source.streams.isEmpty }
        for number in 0..<count {
            try await eventually("watch \(number) is asked for") { source.streams[0].created.count == number + 1 }
            source.streams[0].send(source.server.created(Int64(number)))
        }
    }

    @Test("every range is listed and watched on one stream, one watch after the other, and told when it is watched")
    func severalRanges() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier()
        _ = try await following(source, applier) {
            try await confirm(source, 2)
            try await eventually("both are watched") { applier.state.withLock { $0.watching } == [0, 1] }
            #expect(applier.pairs(0).count == 5 && applier.pairs(1).count == 5)
            #expect(source.streams.count == 1)
            let created = source.streams[0].created
            #expect(created.map(\.range) == ranges)
            #expect(created.allSatisfy { $0.startRevision == source.server.revision.next && $0.fragment })
            #expect(created.allSatisfy { $0.progressNotify && $0.watchID == 0 })
            #expect(applier.state.withLock { $0.answers } == [source.server.clusterID])

            // Messages find their range by the watch's number.
            source.change { $0.put(("b/9", "new")) }
            var next = source.server.revision
            var message = source.server.message(ranges[1], from: &next, maximumRevisions: 1)
            message?.watchID = 1
            source.streams[0].send(try #require(message))
            try await eventually("it is applied") { applier.pairs(1)["b/9"] != nil }
            #expect(applier.pairs(0).count == 5)
        }
        #expect(source.streams[0].isCancelled)
    }

    @Test("what was read is applied at once, and while its applier pauses nothing more is read")
    func pauses() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier()
        applier.state.withLock { $0.holdsBack = true }
        var configuration = FollowConfiguration()
        configuration.pageSize = 2
        _ = try await following(source, applier, ranges: [ranges[0]], configuration: configuration) {
            try await eventually("a page is read") { applier.state.withLock { $0.reads.count } == 1 }
            try await Task.sleep(for: .milliseconds(50))
            #expect(applier.pairs(0).count == 2 && source.requests.count == 1)
            applier.state.withLock { $0.holdsBack = false }
            try await confirm(source, 1)
            try await eventually("it is watched") { applier.state.withLock { $0.watching } == [0] }
            let pages = applier.state.withLock { $0.reads }
            #expect(pages.map(\.pairs) == [2, 2, 1, 0], "three pages and the confirmation")
            #expect(
                pages[0].bytes == 2
                    * applier.pairs(0)["a/0", default: .tombstone(key: "", modRevision: 1)].encoded.count)

            applier.state.withLock { $0.holdsBack = true }
            source.change {
                $0.put(("a/8", "new"))
                $0.put(("a/9", "new"))
            }
            var next = source.server.revision.previous
            let asked = source.streams[0].timeouts.count
            for _ in 0..<2 {
                let message = source.server.message(ranges[0], from: &next, maximumRevisions: 1)
                source.streams[0].send(try #require(message))
            }
            try await eventually("the first message is applied") { applier.pairs(0)["a/8"] != nil }
            try await Task.sleep(for: .milliseconds(50))
            #expect(applier.pairs(0)["a/9"] == nil && source.streams[0].timeouts.count == asked)
            applier.state.withLock { $0.holdsBack = false }
            try await eventually("the second follows") { applier.pairs(0)["a/9"] != nil }
        }
    }

    @Test("a confirmation is waited for with a limit, further messages without one")
    func timeouts() async throws {
        let source = ScriptedSource(server())
        _ = try await following(source, RecordingApplier()) {
            try await confirm(source, 2)
            try await eventually("it waits for events") { source.streams[0].timeouts.last == .some(nil) }
            #expect(source.streams[0].timeouts.count == 3)
            let limits = source.streams[0].timeouts.compactMap(\.self)
            #expect(limits.count == 2 && limits.allSatisfy { $0 <= .seconds(10) })
        }
    }

    @Test("a range that may not be followed yet waits for what another one says")
    func heldRange() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier(holding: [1])
        _ = try await following(source, applier) {
            try await confirm(source, 1)
            try await eventually("the first is watched") { applier.state.withLock { $0.watching } == [0] }
            #expect(applier.began(1).isEmpty)
            applier.state.withLock { $0.held = [] }
            source.streams[0].send(source.server.progress())
            try await eventually("the second is listed") { applier.pairs(1).count == 5 }
        }
    }

    @Test("a compaction of one watch lists that range on the same connection and opens another watch")
    func compaction() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier()
        _ = try await following(source, applier) {
            try await confirm(source, 2)
            source.change { server in
                server.delete("a/0")
                server.compact(to: server.revision)
            }
            var next = Revision(2)
            source.streams[0].send(try #require(source.server.message(ranges[0], from: &next, maximumRevisions: 1)))
            try await eventually("it is listed again") { applier.began(0) == [.first, .compacted] }
            try await eventually("the deletion is found") { applier.pairs(0).count == 4 }
            try await eventually("and watched again") { source.streams[0].created.count == 3 }
            #expect(source.streams[0].created[2].range == ranges[0])
            #expect(applier.began(1) == [.first])
        }
    }

    @Test("a message for no watch, and a confirmation that was not asked for, give the connection up")
    func strays() async throws {
        var unknown = server().progress()
        unknown.watchID = 9
        for stray in [server().created(7), unknown] {
            let source = ScriptedSource(server())
            let error = try await following(source, RecordingApplier()) {
                try await confirm(source, 2)
                source.streams[0].send(stray)
                try await end()
            }
            #expect(error?.code == .protocolViolation)
        }
    }

    @Test(
        "progress of all watches is believed where that was asked for, of a follower of one range, once it is watched")
    func progressOnRequest() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier()
        var configuration = FollowConfiguration()
        configuration.takesProgress = true
        _ = try await following(source, applier, ranges: [ranges[0]], configuration: configuration) {
            try await eventually("a watch is asked for") { source.streams.first?.created.count == 1 }
            let listed = source.server.revision
            source.change { $0.put(("z", "elsewhere")) }
            var progress = source.server.progress()
            progress.watchID = -1
            // The first is for no watch yet.
            source.streams[0].send(progress)
            source.streams[0].send(source.server.created(0))
            try await eventually("it is watched") { applier.state.withLock { $0.watching } == [0] }
            #expect(applier.state.withLock { $0.revisions[0] } == listed)
            let request = try #require(applier.state.withLock { $0.requestProgress })
            try await request()
            #expect(source.streams[0].progressRequests == 1)
            source.streams[0].send(progress)
            try await eventually("it is believed") { applier.state.withLock { $0.revisions[0] } == listed.next }
        }
    }

    @Test("ranges that decide over the others have a budget of their own, and others' keys do not crowd them out")
    func controlRanges() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier()
        var configuration = FollowConfiguration()
        configuration.budget = FollowBudget(maximumKeys: 2)
        configuration.controlRanges = [1]
        configuration.controlBudget = FollowBudget(maximumKeys: 4)
        _ = try await following(source, applier, configuration: configuration) {
            try await confirm(source, 2)
            try await eventually("both are watched") { applier.state.withLock { $0.watching } == [0, 1] }
            #expect(applier.pairs(0).count == 2 && applier.pairs(1).count == 4)
        }
    }

    @Test("progress of all watches, which etcd 3.4 may send too early, is not believed")
    func progressOfAll() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier()
        _ = try await following(source, applier) {
            try await confirm(source, 2)
            let listed = source.server.revision
            source.change { $0.put(("z", "elsewhere")) }
            var early = source.server.progress()
            early.watchID = -1
            source.streams[0].send(early)
            var own = source.server.progress()
            own.watchID = 1
            source.streams[0].send(own)
            try await eventually("the watch's own is") { applier.state.withLock { $0.revisions[1] } == listed.next }
            #expect(applier.state.withLock { $0.revisions[0] } == listed)
        }
    }

    @Test("the stream's end and a failed read end the following with what the server said")
    func ends() async throws {
        let source = ScriptedSource(server())
        let ended = try await following(source, RecordingApplier()) {
            try await confirm(source, 2)
            source.streams[0].end()
            try await end()
        }
        #expect(ended?.code == .watchEnded)

        let failing = ScriptedSource(server())
        failing.fail(with: .permissionDenied)
        let failed = try await following(failing, RecordingApplier()) { try await end() }
        #expect(failed?.code == .requestFailed && failed?.cause == .permissionDenied)
        #expect(failing.streams[0].isCancelled)
    }

    @Test("a server that goes away between two pages: one clear error, and what was read stays")
    func closedMidList() async throws {
        var many = ModelServer()
        for number in 0..<600 { many.put((Key("a/\(number)"), "1")) }
        let source = ScriptedSource(many)
        source.fail(with: EtcdError(.unavailable, "connection reset"), afterAnswers: 1)
        let applier = RecordingApplier()
        let error = try await following(source, applier) { try await end() }
        #expect(
            error.map { "\($0)" }
                == "a/*: a page could not be read: rpc error: code = Unavailable desc = connection reset"
        )
        #expect(applier.pairs(0).count == 256)
    }

    @Test("what an applier refuses ends the following")
    func refused() async throws {
        let source = ScriptedSource(server())
        let applier = RecordingApplier()
        applier.state.withLock { $0.refuses = true }
        let error = try await following(source, applier) { try await end() }
        #expect(error == FollowError(.refused, "not this one"))
    }
}
