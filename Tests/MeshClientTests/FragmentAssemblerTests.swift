import MeshCore
import MeshWire
import Testing

@testable import MeshClient

struct FragmentAssemblerTests {
    private func part(_ watchID: Int64, _ key: Key, fragment: Bool) -> WatchServerMessage {
        var message = WatchServerMessage()
        message.watchID = watchID
        message.fragment = fragment
        message.events = [WatchEvent(kind: .put, pair: KeyValue(key: key, modRevision: 7, value: [1]))]
        return message
    }

    @Test("parts are joined in order, each watch's with its own")
    func joined() throws {
        var assembler = FragmentAssembler(maximumBytes: 10_000)
        #expect(try assembler.received(part(0, "a", fragment: true)) == nil)
        #expect(try assembler.received(part(1, "x", fragment: true)) == nil)
        #expect(try assembler.received(part(0, "b", fragment: true)) == nil)
        let whole = try assembler.received(part(0, "c", fragment: false))
        #expect(whole?.events.map(\.pair.key) == ["a", "b", "c"])
        #expect(whole?.fragment == false)
        #expect(try assembler.received(part(1, "y", fragment: false))?.events.map(\.pair.key) == ["x", "y"])
        #expect(try assembler.received(part(0, "d", fragment: false))?.events.count == 1, "nothing is left over")
    }

    @Test("what waits for its last part is bounded over all watches, and given back when it came")
    func bounded() throws {
        let size = part(0, "a", fragment: true).events[0].pair.encoded.count + FragmentAssembler.eventOverhead
        var assembler = FragmentAssembler(maximumBytes: 2 * size)
        for _ in 0..<10 {
            #expect(try assembler.received(part(0, "a", fragment: true)) == nil)
            #expect(try assembler.received(part(1, "a", fragment: true)) == nil)
            #expect(try assembler.received(part(0, "b", fragment: false)) != nil)
            #expect(try assembler.received(part(1, "b", fragment: false)) != nil)
        }
        _ = try assembler.received(part(0, "a", fragment: true))
        _ = try assembler.received(part(1, "a", fragment: true))
        #expect(throws: EtcdError.self) { try assembler.received(part(2, "a", fragment: true)) }
    }

    @Test("the parts of a watch that is cancelled are dropped")
    func cancelled() throws {
        var assembler = FragmentAssembler(maximumBytes: 10_000)
        #expect(try assembler.received(part(0, "a", fragment: true)) == nil)
        var end = WatchServerMessage()
        end.canceled = true
        #expect(try assembler.received(end) == end)
        #expect(try assembler.received(part(0, "b", fragment: false))?.events.map(\.pair.key) == ["b"])
    }
}
