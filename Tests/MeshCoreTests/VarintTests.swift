import MeshCore
import Testing

@Suite struct VarintTests {
    @Test(
        arguments: [
            (0, [0]), (1, [1]), (127, [0x7F]), (128, [0x80, 1]), (300, [0xAC, 2]), (16_383, [0xFF, 0x7F]),
            (16_384, [0x80, 0x80, 1]), (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
        ] as [(UInt64, [UInt8])])
    func isWrittenAndReadAsProtobufDoes(value: UInt64, bytes: [UInt8]) {
        var written: [UInt8] = []
        Varint.append(value, to: &written)
        #expect(written == bytes)
        #expect(Varint.length(value) == bytes.count)
        var position = 0
        #expect(Varint.read(bytes.span, &position) == value)
        #expect(position == bytes.count)
    }

    @Test func itsLengthIsThatOfItsBytesAtEveryBit() {
        for bit in 0..<64 {
            for value in [UInt64(1) << bit, (UInt64(1) << bit) - 1, ~(UInt64(1) << bit)] {
                var written: [UInt8] = []
                Varint.append(value, to: &written)
                #expect(Varint.length(value) == written.count)
                var position = 0
                #expect(Varint.read(written.span, &position) == value)
            }
        }
    }

    @Test(
        arguments: [
            [], [0x80], [0xFF, 0xFF], [UInt8](repeating: 0x80, count: 10), [UInt8](repeating: 0xFF, count: 9) + [2],
            [UInt8](repeating: 0x80, count: 10) + [1],
        ] as [[UInt8]])
    func isNotReadWhereItIsCutOffOrTooLong(bytes: [UInt8]) {
        var position = 0
        #expect(Varint.read(bytes.span, &position) == nil)
    }

    @Test func readsFromWhereItIsAskedTo() {
        let bytes: [UInt8] = [0xFF, 0xAC, 2, 5]
        var position = 1
        #expect(Varint.read(bytes.span, &position) == 300)
        #expect(Varint.read(bytes.span, &position) == 5)
        #expect(Varint.read(bytes.span, &position) == nil)
    }
}
