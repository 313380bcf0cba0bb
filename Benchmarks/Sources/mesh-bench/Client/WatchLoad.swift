internal import BenchmarkSupport
internal import MeshCore
internal import MeshRPC

/// Many watch streams on many connections, and whether all of them got everything.
final class WatchLoad: Sendable {
    /// Who watches what.
    struct Plan: Sendable {
        /// What is watched: all keys of a prefix by every watch, or one key of it by each, in the order of the keys.
        enum Keys: Sendable { case prefix, oneEach }

        var prefix = "bench/"
        var keys = Keys.prefix
        var connections: Int
        var watchesPerConnection = 1
        /// The revision after which to begin: `nil` for the present one.
        var after: Int64?
    }

    /// How far all watches have to come.
    enum Goal: Sendable {
        /// Each to this revision.
        case revision(Int64)
        /// The watch of each key to this version of it.
        case versions([Int64])
    }

    let plan: Plan
    private let client: ClientKit
    private let channels: [RPCChannel]
    private let streams: [WatchStream]

    /// Opens all streams and creates all watches.
    ///
    /// - Parameter present: The number that the store's events have reached: its revision, or the version of each key.
    init(_ plan: Plan, with client: ClientKit, to endpoint: Endpoint, present: Int64) async throws {
        self.plan = plan
        self.client = client
        let channels = try (0..<plan.connections).map { _ in try client.channel(to: endpoint) }
        let opened = Locked<[Int: WatchStream]>([:])
        try await forEachConcurrently(Array(channels.enumerated()), atMost: ClientKit.parallelConnections) {
            index, channel in
            let numbers: StreamTally.Numbers = plan.keys == .prefix ? .revisions : .versions
            let stream = try await WatchStream(on: channel, numbers, plan.wanted(on: index, present: present))
            opened.withLock { $0[index] = stream }
        }
        let streams = opened.withLock { opened in channels.indices.compactMap { opened[$0] } }
        self.channels = channels
        self.streams = streams
        for stream in streams { stream.receive() }
    }

    /// How many watches there are.
    var watches: Int { plan.connections * plan.watchesPerConnection }

    /// Begins to count anew. Nothing may be under way.
    func restart() {
        for stream in streams { stream.restart() }
    }

    /// Waits until all watches have come so far; whether they have.
    ///
    /// - Parameters:
    ///   - limit: When to give up.
    ///   - whileEventsCome: Gives up only once no event has come for that long, and after ten minutes at the latest: what
    ///     is still missing then is lost, and not only late.
    func awaitAll(_ goal: Goal, within limit: Duration, whileEventsCome: Bool = false) async throws -> Bool {
        let latest = ContinuousClock.now + .seconds(600)
        var deadline = ContinuousClock.now + limit
        var behind = Array(streams.indices)
        var seen = 0
        while true {
            behind.removeAll { stream in streams[stream].hasReached { number(of: goal, stream, $0) } }
            if behind.isEmpty { return true }
            if ContinuousClock.now >= deadline {
                let events = streams.reduce(0) { $0 + $1.events }
                guard whileEventsCome, events > seen, deadline < latest else { return false }
                (seen, deadline) = (events, min(deadline + limit, latest))
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// What all watches were sent, and what of it is missing.
    func result(_ goal: Goal) -> WatchResult {
        var result = WatchResult()
        for (index, stream) in streams.enumerated() {
            result.add(stream.counted) { number(of: goal, index, $0) }
        }
        return result
    }

    /// Ends the streams and their connections.
    func close() async {
        for stream in streams { stream.cancel() }
        await client.end(channels)
    }

    private func number(of goal: Goal, _ stream: Int, _ watch: Int) -> Int64 {
        switch goal {
        case .revision(let revision): revision
        case .versions(let versions): versions[stream * plan.watchesPerConnection + watch]
        }
    }
}

extension WatchLoad.Plan {
    fileprivate func wanted(on connection: Int, present: Int64) -> [WatchStream.Wanted] {
        (0..<watchesPerConnection).map { watch in
            let start = after.map { Revision($0 + 1) } ?? .none
            switch keys {
            case .prefix:
                return WatchStream.Wanted(range: .prefix(Key(prefix)), start: start, after: after ?? present)
            case .oneEach:
                let key = PutTemplate.key(connection * watchesPerConnection + watch, of: prefix)
                return WatchStream.Wanted(range: .key(key), start: start, after: present)
            }
        }
    }
}
