import MeshCore
import MeshWire
import Testing

@testable import mesh_bench

@Suite struct WatchMessageScannerTests {
    private static let header = ResponseHeader(clusterID: .max, memberID: 2, revision: 300, raftTerm: 3)

    private static func message(watchID: Int64, _ events: [WatchEvent]) -> [UInt8] {
        var bytes = WatchCodec.encodeHead(WatchResponseHead(header: header, watchID: watchID))
        for event in events { WatchCodec.appendEvent(event, to: &bytes) }
        return bytes
    }

    private static func put(_ revision: Int64, version: Int64, sentAt: UInt64) -> WatchEvent {
        let value =
            (0..<8).map { UInt8(truncatingIfNeeded: sentAt >> UInt64(8 * $0)) } + Array(repeating: 1, count: 504)
        return WatchEvent(
            kind: .put,
            pair: KeyValue(
                key: "bench/000001", createRevision: 2, modRevision: Revision(revision), version: version, value: value
            )
        )
    }

    private static func scanned(
        _ bytes: [UInt8]
    ) -> (head: WatchMessageScanner.Head?, events: [WatchMessageScanner.Event]) {
        var events: [WatchMessageScanner.Event] = []
        let head = WatchMessageScanner.scan(bytes.span) { events.append($1) }
        return (head, events)
    }

    @Test func eventsAreReadWithTheirRevisionVersionAndTime() {
        let bytes = Self.message(
            watchID: 77, [Self.put(300, version: 5, sentAt: .max - 1), Self.put(301, version: 200, sentAt: 1)])
        let (head, events) = Self.scanned(bytes)
        #expect(head?.watchID == 77)
        #expect(
            events == [
                .init(revision: 300, version: 5, sentAt: .max - 1), .init(revision: 301, version: 200, sentAt: 1),
            ])
    }

    @Test func aPreviousPairIsPassedOver() {
        var event = Self.put(300, version: 5, sentAt: 9)
        event.previous = Self.put(200, version: 4, sentAt: 8).pair
        #expect(Self.scanned(Self.message(watchID: 1, [event])).events == [.init(revision: 300, version: 5, sentAt: 9)])
    }

    @Test func theWatchIsKnownBeforeItsEvents() {
        var watches: [Int64] = []
        let bytes = Self.message(watchID: 12, [Self.put(1, version: 1, sentAt: 0), Self.put(2, version: 2, sentAt: 0)])
        _ = WatchMessageScanner.scan(bytes.span) { head, _ in watches.append(head.watchID) }
        #expect(watches == [12, 12])
    }

    @Test func creationAndTheEndByCompactionAreTold() {
        let created = WatchResponseHead(header: Self.header, watchID: 3, created: true)
        let head = Self.scanned(WatchCodec.encodeHead(created)).head
        #expect(head?.isCreated == true)
        #expect(head?.isCanceled == false)
        let compacted = WatchResponseHead(
            header: Self.header, watchID: 3, canceled: true, compactRevision: Revision(250), cancelReason: "compacted"
        )
        let end = Self.scanned(WatchCodec.encodeHead(compacted)).head
        #expect(end?.isCanceled == true)
        #expect(end?.compactRevision == 250)
    }

    @Test func whatIsCutOffAnywhereIsNoMessageOrOneOfFewerFields() {
        let bytes = Self.message(watchID: 77, [Self.put(300, version: 5, sentAt: 1)])
        for count in 0..<bytes.count {
            let (head, events) = Self.scanned(Array(bytes.prefix(count)))
            #expect(events.isEmpty, "of \(count) bytes")
            #expect(head == nil || head?.watchID == 0 || head?.watchID == 77)
        }
        #expect(Self.scanned(bytes).events.count == 1)
    }

    @Test func aValueWithoutRoomForATimeHasNone() {
        let pair = KeyValue(key: "k", createRevision: 1, modRevision: 9, version: 1, value: [1, 2, 3])
        let event = WatchEvent(kind: .put, pair: pair)
        #expect(Self.scanned(Self.message(watchID: 0, [event])).events == [.init(revision: 9, version: 1, sentAt: 0)])
    }
}
