import MeshCore
import TestSupport
import Testing

@Suite struct BytesTests {
    @Test func comparesAsASortedDictionaryWould() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<3_000 {
                // Long common beginnings, so that the difference falls on every place in and behind a word.
                let shared = [UInt8](repeating: 0x80, count: Int.random(in: 0...40, using: &numbers))
                let tails = (0..<2).map { _ in
                    (0..<Int.random(in: 0...10, using: &numbers)).map { _ in
                        [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &numbers) ?? 0
                    } as [UInt8]
                }
                let left = shared + tails[0]
                let right = shared + tails[1]
                let order = Bytes.compare(left.span, right.span)
                #expect((order < 0) == left.lexicographicallyPrecedes(right))
                #expect((order > 0) == right.lexicographicallyPrecedes(left))
                #expect((order == 0) == (left == right))
                #expect(Bytes.isLess(left.span, right.span) == (order < 0))
            }
        }
    }

    @Test func comparesPartsOfLargerRuns() {
        let bytes: [UInt8] = Array(0..<64)
        let left = bytes[3..<20]
        let right = bytes[3..<21]
        #expect(Bytes.compare(left.span, right.span) < 0)
        #expect(Bytes.compare(left.span, bytes[3..<20].span) == 0)
        #expect(Bytes.compare([UInt8]().span, [UInt8]().span) == 0)
    }
}
