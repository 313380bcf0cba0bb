internal import BenchmarkSupport
internal import Foundation
internal import MeshCore
internal import MeshStore
internal import ServiceLifecycle

/// Writes into the store of this process when it is told to.
///
/// A line `write PREFIX KEYS BYTES SECONDS` on standard input has one thread put values of so many bytes, their time in
/// front, over so many keys for so many seconds, and is answered by a line of JSON.
struct EmbeddedWriter: Service {
    let store: KVStore

    private struct Order {
        var prefix: String
        var keys: Int
        var bytes: Int
        var seconds: Double

        /// Reads a line; `nil` if it is no order.
        init?(_ line: String) {
            let words = line.split(separator: " ")
            guard words.count == 5, words[0] == "write", let keys = Int(words[2]), let bytes = Int(words[3]),
                let seconds = Double(words[4]), (1...1_000_000).contains(keys), (8...1_000_000).contains(bytes),
                (0...3_600).contains(seconds)
            else { return nil }
            (prefix, self.keys, self.bytes, self.seconds) = (String(words[1]), keys, bytes, seconds)
        }
    }

    private struct Written: Encodable {
        var puts: Int
        var seconds: Double
        var revision: Int64
    }

    func run() async throws {
        let (orders, order) = AsyncStream<Order>.makeStream(bufferingPolicy: .bufferingNewest(16))
        // Reading standard input blocks, and ends with this process.
        let reader = Thread {
            while let line = readLine() {
                if let read = Order(line) { order.yield(read) }
            }
            order.finish()
        }
        reader.name = "orders"
        reader.start()
        await cancelWhenGracefulShutdown {
            for await order in orders { write(order) }
            // The end of the orders is not that of the server.
            try? await gracefulShutdown()
        }
    }

    private func write(_ order: Order) {
        let keys = (0..<order.keys).map { Key("\(order.prefix)\($0)") }
        var value = [UInt8](repeating: UInt8(ascii: "v"), count: order.bytes)
        let start = MonotonicTime.now
        let end = start + UInt64(order.seconds * 1e9)
        var puts = 0
        var now = start
        while now < end {
            for byte in 0..<8 { value[byte] = UInt8(truncatingIfNeeded: now >> UInt64(8 * byte)) }
            do {
                try store.put(keys[puts % keys.count], value)
            } catch {
                FileHandle.standardError.write(Data("the store refuses a put: \(error)\n".utf8))
                break
            }
            puts += 1
            now = MonotonicTime.now
        }
        let written = Written(puts: puts, seconds: Double(now - start) / 1e9, revision: store.revision.rawValue)
        guard let line = try? JSONEncoder().encode(written) else { return }
        // Not with the C library's streams: flushing them waits for the thread that reads standard input.
        FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
}
