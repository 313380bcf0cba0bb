import CGRPC
import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct RPCMessageWriterTests {
    /// What lies in an outbox after `write`, and how much the writer says it is.
    private func written(_ write: (inout RPCMessageWriter) -> Void) -> (bytes: [UInt8], count: Int) {
        let outbox = MessageOutbox()
        var writer = RPCMessageWriter(outbox.slices)
        write(&writer)
        let count = writer.count
        #expect(outbox.count == count)
        let copy = grpc_byte_buffer_copy(outbox.buffer)
        return (copy.map { ReceivedMessage($0).bytes() } ?? [], count)
    }

    @Test func aMessageIsItsPartsInOrder() {
        let block = SharedBlock(Array("0123456789".utf8))
        let (bytes, count) = written { message in
            message.append(Array("<".utf8))
            message.append(block, 2..<5)
            message.append([])
            message.append(block, 4..<4)
            message.append(copying: Array("abc".utf8).span)
            message.append(RPCPayload(Array("payload".utf8)))
            message.append(block, 9..<10)
            message.append(Array(">".utf8))
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "<234abcpayload9>")
        #expect(count == bytes.count)
    }

    @Test(arguments: [0, 1, 22, 23, 24, 47, 255, 256, 4_096, 100_000])
    func partsOfEverySizeAreCopied(_ size: Int) {
        var part = [UInt8].pattern(size)
        let (bytes, count) = written { message in
            message.append(part)
            message.append(copying: part.span)
            // The copy does not follow.
            for index in part.indices { part[index] = 0 }
        }
        #expect(bytes == .pattern(size) + .pattern(size))
        #expect(count == 2 * size)
    }

    @Test func whatIsClearedIsGone() {
        let outbox = MessageOutbox()
        var writer = RPCMessageWriter(outbox.slices)
        for _ in 0..<20 { writer.append(.pattern(1000)) }
        outbox.clear()
        #expect(outbox.count == 0)
        outbox.clear()
        var next = RPCMessageWriter(outbox.slices)
        next.append([1])
        #expect(outbox.count == 1)
    }

    /// One stream sends messages of all shapes, with and without a hint, one after another through the same outbox.
    @Test func messagesOnOneStreamKeepTheirContents() async throws {
        let drivers = Drivers()
        let block = SharedBlock(.pattern(70_000))
        var payloads: [RPCPayload] = []
        for size in [0, 1, 23, 24, 0, 46, 5_000, 2, 65_536, 0, 0, 300_000, 7] {
            payloads.append(RPCPayload(.pattern(size)))
            var mixed = RPCPayload(.pattern(size % 100))
            mixed.append(block, size % 70_000..<70_000)
            mixed.append([UInt8(truncatingIfNeeded: size)])
            payloads.append(mixed)
        }
        let expected = payloads.map { $0.makeByteBuffer().map { ReceivedMessage($0).bytes() } }
        try await Fixture.with(.scripted(drivers)) { [payloads] fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 }
                drivers.all[0].send(payloads, then: .ok)
                for bytes in expected { #expect(try await stream.next() == bytes) }
                #expect(try await stream.next() == nil)
            }
        }
    }

    /// Streams whose messages go through the same outbox do not see each other's.
    @Test func messagesOfManyStreamsKeepApart() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let streams = try (0..<20).map { _ in try channel.openStream(.echoStream) }
                try await eventually { drivers.all.count == streams.count }
                for (number, driver) in drivers.all.enumerated() {
                    driver.send((1...30).map { RPCPayload(Array(repeating: UInt8(number), count: $0 * 7)) })
                }
                var seen = Set<UInt8>()
                for stream in streams {
                    var number: UInt8?
                    for size in 1...30 {
                        let message = try #require(try await stream.next())
                        #expect(message.count == size * 7 && Set(message) == [message[0]])
                        #expect(number == nil || number == message[0])
                        number = message[0]
                    }
                    seen.insert(try #require(number))
                }
                #expect(seen.count == streams.count)
            }
        }
    }

    /// What a driver writes and then does not send is not a part of the next message.
    @Test func whatIsNotSentIsDropped() async throws {
        final class Hesitant: RPCStreamDriver {
            private let asked = Locked(0)
            private let handle: RPCStreamHandle
            init(_ handle: RPCStreamHandle) { self.handle = handle }
            func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision { .continueReading }
            func clientFinishedSending() {}
            func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
                let asked = asked.withLock { asked in
                    asked += 1
                    return asked
                }
                message.append(.pattern(asked * 10))
                switch asked {
                case 1, 3:
                    handle.wake()
                    return .idle
                case 2, 4: return .send(moreFollows: false)
                default: return .finish(.ok)
                }
            }
            func streamClosed() {}
        }
        var handlers = RPCHandlers()
        handlers.stream(.echoStream) { _, handle in Hesitant(handle) }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                #expect(try await stream.next() == .pattern(20))
                #expect(try await stream.next() == .pattern(40))
                #expect(try await stream.next() == nil)
            }
        }
    }
}
