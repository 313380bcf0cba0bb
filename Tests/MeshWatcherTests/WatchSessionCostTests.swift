import Glibc
import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

/// What a session's work grows with, by the processor time of the thread; the least of a few rounds, and wide margins.
@Suite struct WatchSessionCostTests {
    private static func processorNanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// A session and its groups.
    private struct Play: ~Copyable {
        var machine: WatchSessionStateMachine
        var groups: [WatchGroupID] = []
    }

    /// A session with these watches, made at revision 1.
    private static func play(_ requests: [WatchCreateRequest]) -> Play {
        var limits = WatcherLimits()
        limits.watchesPerStream = requests.count
        var play = Play(
            machine: WatchSessionStateMachine(
                identity: SessionFixture.identity,
                readable: KeyRangeSet([.all]),
                settings: WatchSessionSettings(limits)
            )
        )
        for request in requests {
            _ = play.machine.createRequested(request, store: 1)
            for case .join(let id, _) in play.machine.takeShardActions() {
                play.groups.append(id)
                play.machine.joined(id, announced: 1)
            }
            _ = play.machine.next(store: 1)
        }
        return play
    }

    /// The time of one message of a round to so many members, with its head written out.
    private static func messageTime(members: Int) -> Int {
        var play = Self.play(Array(repeating: .all(), count: members))
        var least = Int.max
        var bytes = 0
        for revision: Int64 in 2..<12 {
            let segment = SessionFixture.segment([revision], first: revision, last: revision)
            let start = processorNanoseconds()
            play.machine.announced(play.groups[0], segment, through: Revision(revision))
            var messages = 0
            while case .send(let message, _) = play.machine.next(store: Revision(revision)) {
                WatchCodec.withEncodedHead(message.head) { bytes += $0.count }
                messages += 1
            }
            least = min(least, (processorNanoseconds() - start) / max(1, messages))
            #expect(messages == members)
        }
        #expect(bytes > 0)
        return least
    }

    @Test func aMessageOfARoundCostsAsMuchAmongThousandsAsAmongTwenty() {
        let (few, many) = (Self.messageTime(members: 20), Self.messageTime(members: 4_000))
        #expect(many < 4 * few + 1_000, "\(few) ns among 20, \(many) ns among 4,000")
    }

    @Test func anAnnouncementCostsAsMuchBesideThousandsOfGroupsAsBesideTwenty() {
        func time(groups count: Int) -> Int {
            var play = Self.play((0..<count).map { WatchCreateRequest(.key(Key("k\($0)"))) })
            var least = Int.max
            for revision: Int64 in 2..<12 {
                let segment = SessionFixture.segment([revision], first: revision, last: revision)
                let start = Self.processorNanoseconds()
                play.machine.announced(play.groups[count / 2], segment, through: Revision(revision))
                while case .send = play.machine.next(store: Revision(revision)) {}
                least = min(least, Self.processorNanoseconds() - start)
            }
            return least
        }
        let (few, many) = (time(groups: 20), time(groups: 4_000))
        #expect(many < 4 * few + 5_000, "\(few) ns beside 20 groups, \(many) ns beside 4,000")
    }
}
