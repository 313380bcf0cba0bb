import MeshCore
import TestSupport
import Testing

@Suite struct KeyValueTests {
    private func order(_ pair: KeyValue, _ key: Key) -> Int { pair.compareKey(to: key.bytes.span) }

    @Test func isLaidOutAsTheMessageIsOnTheWire() {
        let pair = KeyValue(
            key: "a", createRevision: 2, modRevision: 300, version: 7, value: Array("b".utf8), lease: LeaseID(1))
        #expect(
            pair.encoded == [
                0x0A, 1, 0x61, 0x10, 2, 0x18, 0xAC, 0x02, 0x20, 7, 0x2A, 1, 0x62, 0x30, 1,
            ])
        #expect(KeyValue.tombstone(key: "a", modRevision: 5).encoded == [0x0A, 1, 0x61, 0x18, 5])
    }

    @Test func readsItsFieldsBack() async throws {
        try await withRandomNumbers { numbers in
            func number() -> Int64 {
                [0, 1, 127, 128, 16_383, 16_384, .max, -1, .min].randomElement(using: &numbers) ?? 0
            }
            func bytes(_ sizes: [Int]) -> [UInt8] {
                (0..<(sizes.randomElement(using: &numbers) ?? 0)).map { _ in UInt8.random(in: 0...255, using: &numbers)
                }
            }
            for _ in 0..<500 {
                let key = Key(bytes([1, 2, 127, 128, 300]))
                let fields = (number(), number(), number(), number())
                let value = bytes([0, 1, 127, 128, 20_000])
                let pair = KeyValue(
                    key: key,
                    createRevision: Revision(fields.0),
                    modRevision: Revision(fields.1),
                    version: fields.2,
                    value: value,
                    lease: LeaseID(fields.3)
                )
                #expect(pair.key == key)
                #expect(pair.createRevision.rawValue == fields.0)
                #expect(pair.modRevision.rawValue == fields.1)
                #expect(pair.version == fields.2)
                #expect(pair.life == (Revision(fields.0), fields.2))
                #expect(Array(pair.value) == value)
                #expect(pair.lease.rawValue == fields.3)
                #expect(order(pair, key) == 0)
                #expect(order(pair, key.successor) < 0)
                #expect(order(pair, Key(key.bytes.dropLast())) > 0)
                #expect(pair.isKey(in: .key(key)))
                let decoded = try KeyValue(decoding: pair.encoded[...])
                #expect(decoded == pair)
                let keysOnly = pair.withoutValue
                #expect(keysOnly.value.isEmpty)
                #expect(keysOnly.key == key)
                #expect((keysOnly.version, keysOnly.lease) == (pair.version, pair.lease))
            }
        }
    }

    @Test func takesCanonicalBytesOutOfALargerMessage() throws {
        let pair = KeyValue(key: "key", createRevision: 2, modRevision: 3, version: 4, value: Array("value".utf8))
        let message = [0xFF, 0xFF] + pair.encoded + [0xFF]
        #expect(try KeyValue(decoding: message[2..<(message.count - 1)]) == pair)
    }

    @Test func readsFieldsInAnyOrderTheLastOfEachAndNoUnknownOnes() throws {
        let canonical = KeyValue(key: "k", createRevision: 2, modRevision: 3, version: 1, value: [9], lease: LeaseID(4))
        let shuffled: [UInt8] =
            [0x30, 4, 0x2A, 1, 8, 0x20, 1, 0x18, 3, 0x10, 2, 0x0A, 1, 0x6B]
            + [0x2A, 1, 9]  // the value again
            + [0x38, 1, 0x42, 2, 1, 2, 0x4D, 1, 2, 3, 4, 0x51, 1, 2, 3, 4, 5, 6, 7, 8]  // fields 7 to 10
        #expect(try KeyValue(decoding: shuffled[...]) == canonical)
    }

    @Test func readsZeroFieldsThatCanonicalBytesLeaveOut() throws {
        let padded: [UInt8] = [0x0A, 1, 0x6B, 0x10, 0, 0x18, 3, 0x2A, 0]
        #expect(try KeyValue(decoding: padded[...]) == .tombstone(key: "k", modRevision: 3))
        let overlong: [UInt8] = [0x0A, 0x81, 0x00, 0x6B, 0x18, 0x83, 0x00]
        #expect(try KeyValue(decoding: overlong[...]) == .tombstone(key: "k", modRevision: 3))
        let empty = try KeyValue(decoding: [])
        #expect(empty.key.isEmpty)
        #expect(order(empty, Key([1])) < 0)
        #expect(order(empty, "") == 0)
    }

    @Test(
        arguments: [
            [0x0A], [0x0A, 5, 0x61], [0x0A, 1, 0x61, 0x18], [0x0A, 1, 0x61, 0x18, 0x80], [0x08, 1], [0x12, 1, 0x61],
            [0x2D, 1, 2, 3, 4],
            [0x00, 1], [0x0B, 1], [0x0C], [0x0F, 1], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            [0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2], [0x39, 1, 2], [0x3D, 1],
        ] as [[UInt8]])
    func refusesBrokenBytes(_ bytes: [UInt8]) {
        #expect(throws: WireFormatError.self) { try KeyValue(decoding: bytes[...]) }
    }

    @Test func survivesEveryMutilationOfAPair() throws {
        let pair = KeyValue(
            key: "key", createRevision: 200, modRevision: 300, version: 4, value: [1, 2, 3], lease: LeaseID(5))
        for place in pair.encoded.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = pair.encoded
                bytes[place] = byte
                for end in [bytes.count, place + 1] {
                    guard let read = try? KeyValue(decoding: bytes[..<end]) else { continue }
                    // What was accepted can be read in full, and stays the same from then on.
                    _ = (read.key, read.createRevision, read.modRevision, read.version, read.value, read.lease)
                    #expect(try KeyValue(decoding: read.encoded[...]) == read)
                }
            }
        }
    }

    @Test func knowsWhetherItWasCreatedByItsLastChange() {
        #expect(KeyValue(key: "k", createRevision: 3, modRevision: 3, version: 1, value: []).isCreate)
        #expect(!KeyValue(key: "k", createRevision: 2, modRevision: 3, version: 2, value: []).isCreate)
        #expect(!WatchEvent(kind: .delete, pair: .tombstone(key: "k", modRevision: 3)).isCreate)
    }
}
