import MeshCore
import Testing

@Suite struct WireReaderTests {
    private func fields(_ bytes: ArraySlice<UInt8>) throws -> [WireReader.Field] {
        var reader = WireReader(bytes)
        var fields: [WireReader.Field] = []
        while let field = try reader.next() { fields.append(field) }
        return fields
    }

    @Test func readsEveryWireType() throws {
        let bytes: [UInt8] =
            [0x08, 0xAC, 2] + [0x11, 1, 0, 0, 0, 0, 0, 0, 0x80] + [0x1A, 2, 7, 8] + [0x25, 1, 0, 0, 0xFF]
        let found = try fields(bytes[...])
        #expect(found.map(\.number) == [1, 2, 3, 4])
        #expect(
            found.map(\.content) == [
                .number(300), .fixed64(0x8000_0000_0000_0001), .bytes(14..<16), .fixed32(0xFF00_0001),
            ])
    }

    @Test func givesPlacesInTheIndicesOfItsSlice() throws {
        let bytes: [UInt8] = [0xFF, 0xFF, 0x0A, 3, 1, 2, 3, 0xFF]
        let found = try fields(bytes[2..<7])
        #expect(found.map(\.content) == [.bytes(4..<7)])
    }

    @Test func endsWhereTheMessageEnds() throws {
        #expect(try fields([]).isEmpty)
        #expect(try fields([0x0A, 0]).map(\.content) == [.bytes(2..<2)])
        // The greatest field number there is.
        #expect(try fields([0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 1]).map(\.number) == [(1 << 29) - 1])
    }

    @Test(
        arguments: [
            [0x80], [0x08], [0x08, 0x80], [0x09, 1, 2, 3], [0x0D, 1], [0x0A], [0x0A, 1], [0x0A, 2, 1], [0x00, 1],
            [0x0B], [0x0C],
            [0x0E], [0x0F], [0x80, 0x80, 0x80, 0x80, 0x10, 1],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        ] as [[UInt8]])
    func refusesWhatIsNoField(_ bytes: [UInt8]) {
        #expect(throws: WireFormatError.self) { try fields(bytes[...]) }
    }
}
