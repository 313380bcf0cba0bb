import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

/// What watches cost in a session.
@Suite struct WatchSessionMemoryTests {
    /// An array has room for at most twice its elements, a dictionary for at most 8/3 of them: what is kept of one more
    /// watch then takes at most this much.
    private func most(inArrays arrays: Int, inDictionaries dictionaries: Int) -> Int {
        arrays * 2 + dictionaries * 8 / 3
    }

    @Test func aFurtherWatchOfTheSameKeysTakesLessThanAHundredBytes() {
        let identified = MemoryLayout<Int64>.stride + MemoryLayout<Int32>.stride
        #expect(most(inArrays: MemoryLayout<SessionWatch>.stride, inDictionaries: identified) < 100)
    }

    @Test func aGroupOfItsOwnTakesLessThanThreeHundredBytesMoreBesidesItsKey() {
        let identified = MemoryLayout<WatchSubscription>.stride + MemoryLayout<Int32>.stride
        #expect(most(inArrays: MemoryLayout<WatchGroup>.stride, inDictionaries: identified) < 300)
    }

    @Test func anIdleSessionTakesLessThanHalfAKilobyte() {
        #expect(MemoryLayout<WatchSessionStateMachine>.size < 512)
    }

    @Test func nothingIsLeftOfWatchesThatHaveEnded() throws {
        let session = SessionFixture.session()
        for id in 0..<1_000 { #expect(try session.make(.all(), store: 7) == Int64(id)) }
        for id in 0..<1_000 {
            _ = session.cancelRequested(Int64(id), store: 7)
            #expect(try session.next(store: 7).sent.head.canceled)
        }
        #expect(session.heldParts == 0)
    }
}
