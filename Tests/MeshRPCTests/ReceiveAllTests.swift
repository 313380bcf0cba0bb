import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct RPCStreamReceiveAllTests {
    /// What a handler of all messages was told.
    private final class Log: Sendable {
        struct Entries: Sendable {
            var messages: [[UInt8]] = []
            var ends: [RPCStatus] = []
            var messagesAfterEnd = 0
        }

        private let entries = Locked(Entries())
        /// After how many messages it wants no more; 0 for never.
        private let limit: Int

        init(limit: Int = 0) {
            self.limit = limit
        }

        var current: Entries { entries.withLock { $0 } }

        func receive(_ message: borrowing RPCReceivedMessage) -> Bool {
            let bytes = message.bytes()
            return entries.withLock { entries in
                entries.messagesAfterEnd += entries.ends.count
                entries.messages.append(bytes)
                return entries.messages.count != limit
            }
        }

        func end(_ status: RPCStatus) {
            entries.withLock { $0.ends.append(status) }
        }
    }

    private func withStream(
        endless: RPCPayload? = nil,
        _ body: @escaping @Sendable (RPCStream, ScriptedDriver) async throws -> Void
    ) async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers, endless: endless)) { fixture in
            try await fixture.withChannel {
                $0.receiveWindowBytes = 64 << 10
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 }
                try await body(stream, drivers.all[0])
            }
        }
    }

    private func numbered(_ count: Int) -> [[UInt8]] {
        (0..<count).map { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    @Test func everyMessageIsHandledInOrderAndThenTheEnd() async throws {
        try await withStream { stream, driver in
            let log = Log()
            stream.receiveAll(log.receive, ended: log.end)
            let messages = numbered(3_000)
            let end = RPCStatus(.ok, "", metadata: ["sent": "all"])
            driver.send(messages.map { RPCPayload($0) }, then: end)
            try await eventually { !log.current.ends.isEmpty }
            #expect(log.current.messages == messages)
            #expect(log.current.ends == [end])
            #expect(log.current.messagesAfterEnd == 0)
            #expect(stream.status == end)
        }
    }

    @Test func aStreamThatFailsSaysHow() async throws {
        try await withStream { stream, driver in
            let log = Log()
            stream.receiveAll(log.receive, ended: log.end)
            driver.send([RPCPayload([1])], then: RPCStatus(.outOfRange, "no more"))
            try await eventually { !log.current.ends.isEmpty }
            #expect(log.current.messages == [[1]])
            #expect(log.current.ends == [RPCStatus(.outOfRange, "no more")])
        }
    }

    @Test func whoWantsNoMoreIsGivenNoMoreAndCanGoOnOtherwise() async throws {
        try await withStream { stream, driver in
            let first = Log(limit: 3)
            stream.receiveAll(first.receive, ended: first.end)
            let messages = numbered(10)
            driver.send(messages.map { RPCPayload($0) }, then: .ok)
            try await eventually { first.current.messages.count == 3 }
            #expect(try await stream.next() == messages[3])
            let second = Log()
            stream.receiveAll(second.receive, ended: second.end)
            try await eventually { !second.current.ends.isEmpty }
            #expect(first.current.messages == Array(messages[..<3]))
            #expect(first.current.ends == [])
            #expect(second.current.messages == Array(messages[4...]))
        }
    }

    /// Nobody takes the end off a stream whose handler wants no more; whoever asks next gets it.
    @Test func theEndBehindTheLastWantedMessageIsToldToTheNextReceiver() async throws {
        try await withStream { stream, driver in
            let first = Log(limit: 1)
            stream.receiveAll(first.receive, ended: first.end)
            driver.send([RPCPayload([1])], then: RPCStatus(.aborted, "over"))
            try await eventually { stream.status != nil }
            let second = Log()
            stream.receiveAll(second.receive, ended: second.end)
            try await eventually { !second.current.ends.isEmpty }
            #expect(second.current.ends == [RPCStatus(.aborted, "over")])
            #expect(second.current.messages == [] && first.current.ends == [])
        }
    }

    @Test func aServerIsHeldBackByAHandlerThatHasStopped() async throws {
        var message = RPCPayload()
        message.append(SharedBlock(.pattern(16 << 10)), 0..<16 << 10)
        try await withStream(endless: message) { stream, driver in
            let log = Log(limit: 5)
            stream.receiveAll(log.receive, ended: log.end)
            try await eventually { log.current.messages.count == 5 }
            var before = -1
            try await eventually("the driver to be left alone") {
                defer { before = driver.seen.sent }
                if driver.seen.sent != before { try await Task.sleep(for: .milliseconds(200)) }
                return driver.seen.sent == before
            }
            // The window's 4 messages, one on its way, and what the transport holds.
            #expect(before <= 5 + 16)
            #expect(log.current.messages.count == 5)
            let more = Log(limit: before + 20)
            stream.receiveAll(more.receive, ended: more.end)
            try await eventually { more.current.messages.count == before + 20 }
            stream.cancel()
        }
    }

    @Test func aHandlerCanCancelTheStream() async throws {
        try await withStream(endless: RPCPayload([1])) { stream, driver in
            let log = Log()
            stream.receiveAll(
                { message in
                    if log.receive(message), log.current.messages.count == 10 { stream.cancel() }
                    return true
                },
                ended: log.end
            )
            try await eventually { !log.current.ends.isEmpty }
            #expect(log.current.ends.map(\.code) == [.cancelled])
            #expect(log.current.messagesAfterEnd == 0)
            try await eventually { driver.seen.closed == 1 }
        }
    }

    @Test func messagesHaveOneReceiver() async throws {
        try await withStream { stream, driver in
            let first = Log()
            stream.receiveAll(first.receive, ended: first.end)
            let second = Log()
            stream.receiveAll(second.receive, ended: second.end)
            #expect(second.current.ends.map(\.code) == [.failedPrecondition])
            let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
            #expect(status?.code == .failedPrecondition)
            driver.send([RPCPayload([1])], then: .ok)
            try await eventually { !first.current.ends.isEmpty }
            #expect(first.current.messages == [[1]] && second.current.messages == [])
        }
    }

    /// Also from inside of the handler.
    @Test func aHandlerIsNotPushedAsideWhileItRuns() async throws {
        try await withStream { stream, driver in
            let first = Log()
            let second = Log()
            stream.receiveAll(
                { message in
                    stream.receiveAll(second.receive, ended: second.end)
                    return first.receive(message)
                },
                ended: first.end
            )
            driver.send([RPCPayload([1]), RPCPayload([2])], then: .ok)
            try await eventually { !first.current.ends.isEmpty }
            #expect(first.current.messages == [[1], [2]])
            #expect(second.current.ends.map(\.code) == [.failedPrecondition, .failedPrecondition])
            #expect(second.current.messages == [])
        }
    }

    @Test(arguments: [0, 1, 23, 24, 1_000, 300_000]) func aMessagesPiecesAreItsBytes(_ size: Int) async throws {
        try await withStream { stream, driver in
            struct Seen: Sendable {
                var count = -1
                var pieces: [[UInt8]] = []
                var whole: [UInt8] = []
                var isEnded = false
            }
            let seen = Locked(Seen())
            stream.receiveAll(
                { message in
                    var pieces: [[UInt8]] = []
                    message.forEachPiece { piece in pieces.append(piece.indices.map { piece[$0] }) }
                    let whole = message.withBytes { bytes in bytes.indices.map { bytes[$0] } }
                    let count = message.count
                    seen.withLock { $0 = Seen(count: count, pieces: pieces, whole: whole) }
                    return true
                },
                ended: { _ in seen.withLock { $0.isEnded = true } }
            )
            driver.send([RPCPayload(.pattern(size))], then: .ok)
            try await eventually { seen.withLock { $0.isEnded } }
            let found = seen.withLock { $0 }
            #expect(found.count == size)
            #expect(found.whole == .pattern(size))
            #expect(Array(found.pieces.joined()) == .pattern(size))
            // So that the way of many pieces was taken.
            if size > 100_000 { #expect(found.pieces.count > 1) }
        }
    }
}
