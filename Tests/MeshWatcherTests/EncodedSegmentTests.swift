import MeshCore
import Testing

@testable import MeshWatcher

@Suite struct EncodedSegmentTests {
    @Test func aSliceBeginsWithTheFirstEventOfItsRevisionOrLater() {
        let segment = SessionFixture.slice([4, 4, 6, 9], first: 3, last: 12).segment
        #expect(segment.slice(from: 3).events == 0..<4)
        #expect(segment.slice(from: 4).events == 0..<4)
        #expect(segment.slice(from: 5).events == 2..<4)
        #expect(segment.slice(from: 6).events == 2..<4)
        #expect(segment.slice(from: 9).events == 3..<4)
        #expect(segment.slice(from: 10).events.isEmpty)
        #expect(segment.slice(from: 10).last == 12)
    }

    @Test func bytesFollowTheEvents() {
        let segment = SessionFixture.slice([4, 4, 6], first: 3, last: 7).segment
        #expect(segment.eventEnds.count == 3)
        let size = segment.byteCount / 3
        #expect(segment.eventEnds == [size, 2 * size, 3 * size])
        #expect(segment.slice(from: 3).bytes == 0..<(3 * size))
        #expect(segment.slice(from: 6).bytes == (2 * size)..<(3 * size))
        #expect(segment.slice(from: 7).bytes == (3 * size)..<(3 * size))
    }

    @Test func aPrefixEndsWithTheLastRevisionThatIsCompleteInIt() {
        var rest = SessionFixture.slice([4, 4, 6, 9], first: 3, last: 12)
        let size = rest.bytes.count / 4
        var part = rest.removePrefix(fitting: size)
        #expect(part.events == 0..<1)
        #expect(part.last == 3)
        part = rest.removePrefix(fitting: 2 * size + 1)
        #expect(part.events == 1..<3)
        #expect(part.last == 8)
        part = rest.removePrefix(fitting: 100 * size)
        #expect(part.events == 3..<4)
        #expect(part.last == 12)
        #expect(rest.events.isEmpty)
    }

    @Test func aPrefixHasAtLeastOneEvent() {
        var rest = SessionFixture.slice([4, 5], first: 4, last: 5)
        #expect(rest.removePrefix(fitting: 0).events == 0..<1)
        #expect(rest.events == 1..<2)
    }
}
