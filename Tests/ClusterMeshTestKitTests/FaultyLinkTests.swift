import Foundation
import Testing

@testable import ClusterMeshTestKit

/// Sends back what it gets, one thread for all connections, until it is stopped.
private final class EchoServer: Sendable {
    let port: Int
    private let listener: LoopbackSocket
    private let wake: WakePipe

    init() throws {
        (listener, port) = try LoopbackSocket.listening()
        wake = try #require(WakePipe())
        let (listener, wake) = (listener, wake)
        let thread = Thread {
            var connections: [LoopbackSocket] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                var polled = [wake.readEnd, listener.descriptor].map {
                    pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
                }
                polled += connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
                poll(&polled, nfds_t(polled.count), -1)
                if polled[0].revents != 0 { break }
                while let accepted = listener.accepted() { connections.append(accepted) }
                connections.removeAll { connection in
                    switch connection.read(into: &buffer, atMost: buffer.count) {
                    case .bytes(let count):
                        _ = connection.write(buffer[..<count])
                        return false
                    case .wouldBlock: return false
                    case .ended:
                        connection.close()
                        return true
                    }
                }
            }
            for connection in connections { connection.close() }
            listener.close()
        }
        thread.start()
    }

    func stop() { wake.signal() }
}

/// A client's connection with waits that end.
private struct Client {
    let socket: LoopbackSocket

    init(port: Int) throws {
        socket = try LoopbackSocket.connecting(port: port)
    }

    func send(_ text: String) async throws {
        var rest = Array(text.utf8)[...]
        for _ in 0..<1000 where !rest.isEmpty {
            if case .bytes(let count) = socket.write(rest) { rest = rest.dropFirst(count) }
            if !rest.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    /// What arrives within `time`; `nil` if the connection ended.
    func receive(within time: Duration = .seconds(5)) async throws -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            switch socket.read(into: &buffer, atMost: buffer.count) {
            case .bytes(let count): return String(decoding: buffer[..<count], as: UTF8.self)
            case .ended: return nil
            case .wouldBlock: try await Task.sleep(for: .milliseconds(1))
            }
        }
        return ""
    }
}

@Suite struct FaultyLinkTests {
    /// Runs `body` with a link to an echo server, and ends both.
    private func withLink(_ body: (FaultyLink) async throws -> Void) async throws {
        let server = try EchoServer()
        let link = try FaultyLink(to: server.port)
        do {
            try await body(link)
        } catch {
            await link.close()
            server.stop()
            throw error
        }
        await link.close()
        server.stop()
    }

    @Test func bytesPassBothWays() async throws {
        try await withLink { link in
            let client = try Client(port: link.port)
            try await client.send("hello")
            #expect(try await client.receive() == "hello")
            let statistics = link.statistics
            #expect(statistics.connections == 1)
            #expect(statistics.bytesToTarget == 5)
            client.socket.close()
        }
    }

    @Test func aStalledLinkKeepsConnectionsAndPassesAllWhenHealed() async throws {
        try await withLink { link in
            let client = try Client(port: link.port)
            try await client.send("a")
            #expect(try await client.receive() == "a")
            link.stall()
            try await Task.sleep(for: .milliseconds(20))
            try await client.send("b")
            #expect(try await client.receive(within: .milliseconds(150)) == "", "nothing passes, the connection stays")
            link.heal()
            #expect(try await client.receive() == "b")
            client.socket.close()
        }
    }

    @Test func aCutLinkResetsConnectionsAndRefusesNewOnesUntilHealed() async throws {
        try await withLink { link in
            let client = try Client(port: link.port)
            try await client.send("a")
            #expect(try await client.receive() == "a")
            link.cut()
            #expect(try await client.receive() == nil)
            client.socket.close()
            let second = try Client(port: link.port)
            #expect(try await second.receive() == nil)
            second.socket.close()
            link.heal()
            let third = try Client(port: link.port)
            try await third.send("c")
            #expect(try await third.receive() == "c")
            third.socket.close()
        }
    }

    @Test func droppingConnectionsLetsNewOnesPass() async throws {
        try await withLink { link in
            let client = try Client(port: link.port)
            try await client.send("a")
            #expect(try await client.receive() == "a")
            link.dropConnections()
            #expect(try await client.receive() == nil)
            client.socket.close()
            let second = try Client(port: link.port)
            try await second.send("b")
            #expect(try await second.receive() == "b")
            second.socket.close()
        }
    }

    @Test func aDelayHoldsBytesBackInBothDirections() async throws {
        try await withLink { link in
            link.delay(.milliseconds(50))
            let client = try Client(port: link.port)
            let sent = ContinuousClock.now
            try await client.send("late")
            #expect(try await client.receive() == "late")
            #expect(sent.duration(to: .now) >= .milliseconds(100))
            client.socket.close()
        }
    }

    @Test func closingTwiceIsHarmlessAndFreesThePort() async throws {
        let server = try EchoServer()
        let link = try FaultyLink(to: server.port)
        await link.close()
        await link.close()
        let again = try FaultyLink(to: server.port, port: link.port)
        await again.close()
        server.stop()
    }

    @Test func aPortInUseIsAnErrorThatNamesIt() async throws {
        let server = try EchoServer()
        let error = #expect(throws: FaultyLinkError.self) { try FaultyLink(to: server.port, port: server.port) }
        #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
        server.stop()
    }
}
