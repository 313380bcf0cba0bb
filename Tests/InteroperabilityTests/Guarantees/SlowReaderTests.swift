import ClusterMesh
import ClusterMeshTestKit
import MeshWire
import TestSupport
import Testing

/// A thousand watches on one stream, half of them far behind: nobody starves, and everything that is sent is held to
/// what etcd promises.
@Suite struct SlowReaderTests {
    private static let upToDate = 500
    private static let behind = 500

    /// The first half are watches of what comes; the others begin where history does.
    private static var wishes: [WatchCreateRequest] {
        let ranges: [KeyRange] = [.all, .prefix("k/1/"), .all, .from("k/1/")]
        return (0..<(upToDate + behind)).map { index in
            WatchCreateRequest(ranges[index % ranges.count], from: index < upToDate ? .none : 2)
        }
    }

    @Test(.timeLimit(.minutes(5))) func halfOfAThousandWatchesAreFarBehindAndNobodyStarves() async throws {
        try await withRandomNumbers { numbers in
            let seed = numbers.next()
            try await JudgedServer.runOurs { server in
                var changes = RandomChanges(server: server, seed: seed)
                try await changes.write(70)
                let channel = try EtcdWriter(
                    port: server.port,
                    credentials: try TestCertificates.client("remote"),
                    receiveWindowBytes: 16_384
                )
                try await withEtcdWriter(channel) { try await Self.judge($0, &changes) }
            }
        }
    }

    private static func judge(_ channel: EtcdWriter, _ changes: inout RandomChanges) async throws {
        var recorder = WatchRecorder("client", wishes)
        let stream = try WatchClient(channel)
        defer { stream.close() }
        let requests = recorder.streamOpened()
        try await send(requests.prefix(upToDate), on: stream)
        for _ in 0..<upToDate { _ = try recorder.received(try await stream.next()) }
        let start = changes.revision
        try await send(requests.dropFirst(upToDate), on: stream)
        // From here on the client reads only as fast as it looks at what it reads, so most of the past is still to be
        // sent when this is written.
        try await changes.write(10)

        var course = Course(start: start)
        while !recorder.hasReached(changes.revision) {
            let message = try await stream.next()
            course.received(message)
            _ = try recorder.received(message)
        }
        let violations = WatchHistoryValidator(changes.history).violations(in: recorder.histories)
        #expect(violations.isEmpty, "\(violations.count) violations, \(violations.prefix(5))")
        course.check()
    }

    private static func send(_ requests: some Sequence<WatchCreateRequest>, on stream: WatchClient) async throws {
        for request in requests { try await stream.send(.create(request)) }
    }

    /// When whom the server served.
    private struct Course {
        /// The store's revision when all watches that are up to date had been made.
        let start: Revision
        private var messages = 0
        /// The place of the first message with something new, of each watch that was up to date.
        private var firstNews: [Int64: Int] = [:]
        /// The place of the last message with something old.
        private var lastOld = 0

        init(start: Revision) {
            self.start = start
        }

        mutating func received(_ message: WatchServerMessage) {
            messages += 1
            guard let last = message.events.last?.revision else { return }
            if message.watchID <= Int64(upToDate), last > start, firstNews[message.watchID] == nil {
                firstNews[message.watchID] = messages
            }
            if message.watchID > Int64(upToDate), last <= start { lastOld = messages }
        }

        func check() {
            let places = firstNews.values.sorted()
            #expect(places.count > upToDate / 2, "too few were told anything to have tested it")
            guard let median = places.dropFirst(places.count / 2).first, let last = places.last else { return }
            // Those that were up to date did not wait for those that were behind, nor one of them for all others.
            #expect(last < lastOld, "the last one was served at \(last), when nobody was behind since \(lastOld)")
            #expect(last <= 3 * median, "the median was served at \(median), the last one at \(last)")
        }
    }
}
