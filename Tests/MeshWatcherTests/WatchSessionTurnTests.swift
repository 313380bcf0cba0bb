import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

/// How the messages of a stream are divided between watches that are up to date and watches that are behind.
@Suite struct WatchSessionTurnTests {
    private let session = SessionFixture.session()

    @Test func aGroupOfAThousandAndAWatchThatLagsBothGoOn() throws {
        for _ in 0..<1_000 { _ = try session.make(.all(), store: 100) }
        _ = try session.make(.all(from: 1), store: 100)
        session.announce([101], first: 101, last: 101)
        var place: Int64 = 1
        var order: [Int64] = []
        while place <= 100 {
            switch session.next(store: 101) {
            case .read(let read):
                #expect(read.watchID == 1_000 && read.next.rawValue == place)
                let slice = SessionFixture.slice([place], first: place, last: place + 9)
                order.append(try #require(session.readFinished(.events(slice))).head.watchID)
                place += 10
            case .send(let message, _):
                order.append(message.head.watchID)
            case .idle, .finish, .fail:
                Issue.record("\(order.count) messages, and the watch is at \(place)")
                return
            }
        }
        // The watch that lags had one turn while each of the others had one.
        #expect(Set(order.prefix(1_001)) == Set(0...1_000))
    }

    @Test func manyWatchesThatLagLeaveEveryOtherMessageToThoseThatAreUpToDate() throws {
        for _ in 0..<50 { _ = try session.make(.all(from: 1), store: 100) }
        for _ in 0..<10 { _ = try session.make(.all(), store: 100) }
        session.announce([101], first: 101, last: 101)
        var order: [Int64] = []
        for _ in 0..<40 {
            switch session.next(store: 101) {
            case .read(let read):
                let next = read.next.rawValue
                let slice = SessionFixture.slice([next], first: next, last: next)
                order.append(try #require(session.readFinished(.events(slice))).head.watchID)
            case .send(let message, _): order.append(message.head.watchID)
            case .idle, .finish, .fail: Issue.record("nothing to send")
            }
        }
        #expect(Set(order.prefix(20)).intersection(50..<60).count == 10)
        #expect(Set(order).intersection(0..<50).count == 30)
    }
}
