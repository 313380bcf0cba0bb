import MeshCore
import MeshWire
import Testing

@testable import MeshClient

struct ListWatchVerificationTests {
    /// A machine that has followed `changes` on top of `filled()` and was cut off.
    private func cutOff(after changes: (inout ModelServer) -> Void) -> (ModelServer, FollowedBox) {
        var server = filled()
        let box = FollowedBox()
        #expect(box.followed.connect(server) == .watch(from: server.revision.next))
        let from = server.revision.next
        changes(&server)
        #expect(box.followed.watch(server, from: from) == .wait)
        box.followed.machine.disconnected()
        return (server, box)
    }

    /// Carries a non-copyable machine out of a function with something else.
    private final class FollowedBox {
        var followed = Followed()
    }

    @Test("after a put, the same pair at its revision proves the history, and the watch resumes without a listing")
    func put() throws {
        let (server, box) = cutOff { $0.put(("k/0", "new")) }
        let request = try request(box.followed.take(box.followed.machine.connected()))
        #expect(request.range == .key("k/0") && request.revision == server.revision && !request.serializable)
        #expect(box.followed.answer(.range(request), server) == .watch(from: server.revision.next))
        #expect(box.followed.began == [.first])
    }

    @Test("after a delete, the key has to be absent at the revision and present before it")
    func delete() throws {
        let (server, box) = cutOff { $0.delete("k/0") }
        let absent = try request(box.followed.take(box.followed.machine.connected()))
        #expect(absent.range == .key("k/0") && absent.revision == server.revision)
        let present = try request(box.followed.answerOnce(absent, server))
        #expect(present.range == .key("k/0") && present.revision == server.revision.previous)
        #expect(box.followed.answer(.range(present), server) == .watch(from: server.revision.next))
        #expect(box.followed.began == [.first])
    }

    @Test("after a listing or progress, the number of keys and the newest of them have to be the known ones")
    func state() throws {
        let (server, box) = cutOff { _ in }
        let request = try request(box.followed.take(box.followed.machine.connected()))
        #expect(request.range == .prefix("k/") && request.revision == server.revision && request.limit == 1)
        #expect(request.sortTarget == .modRevision && request.sortOrder == .descending)
        #expect(box.followed.answer(.range(request), server) == .watch(from: server.revision.next))

        // Progress after a change: both are asked.
        var (later, other) = cutOff { $0.put(("k/0", "new")) }
        _ = other.followed.machine.connected()
        other.followed.machine.disconnected()
        let change = later.revision
        _ = other.followed.connect(later)
        _ = other.followed.message(later.created())
        later.put(("z", "elsewhere"))
        _ = other.followed.message(later.progress())
        other.followed.machine.disconnected()
        guard case .range(let first) = other.followed.take(other.followed.machine.connected()) else {
            return #expect(Bool(false))
        }
        #expect(first.revision == change)
        guard case .range(let second) = other.followed.answerOnce(first, later) else { return #expect(Bool(false)) }
        #expect(second.revision == later.revision)
        #expect(other.followed.answer(.range(second), later) == .watch(from: later.revision.next))
        #expect(other.followed.began == [.first])
    }

    @Test("what was missed while away is watched, deletions included")
    func missed() {
        var (server, box) = cutOff { $0.put(("k/0", "new")) }
        let from = server.revision.next
        server.delete("k/1")
        server.put(("k/2", "newer"))
        #expect(box.followed.connect(server) == .watch(from: from))
        #expect(box.followed.watch(server, from: from) == .wait)
        #expect(box.followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
        #expect(box.followed.began == [.first])
    }

    /// Ways in which the history of the store stopped being the one that was followed.
    enum Difference: CaseIterable {
        case otherPut, absent, notDeleted, deletedOther, otherState, missingState, shorter, term, otherStore
    }

    @Test("another history is listed again and compared, whatever shows it", arguments: Difference.allCases)
    func anotherHistory(difference: Difference) {
        var (server, box) = cutOff { server in
            switch difference {
            case .otherPut, .absent, .shorter, .term, .otherStore: server.put(("k/0", "old future"))
            case .notDeleted, .deletedOther: server.delete("k/0")
            case .otherState, .missingState: break
            }
        }
        let backup = Revision(9)
        let cause: ListingCause
        switch difference {
        case .otherPut:
            server.restore(to: backup.next)
            server.put(("k/0", "other future"))
            server.put(("k/6", "lost"))
            cause = .historyDiffers
        case .absent:
            server.restore(to: backup.next)
            server.delete("k/0")
            server.put(("k/6", "lost"))
            cause = .historyDiffers
        case .notDeleted:
            server.restore(to: backup.next)
            server.put(("k/6", "lost"))
            cause = .historyDiffers
        case .deletedOther:
            server.restore(to: backup)
            server.put(("k/0", "once more"))
            server.delete("k/0")
            cause = .historyDiffers
        case .otherState:
            server.restore(to: backup)
            server.put(("k/9", "lost"))
            server.put(("z", "lost"))
            cause = .historyDiffers
        case .missingState:
            server.restore(to: backup)
            server.delete("k/6")
            server.put(("z", "lost"))
            cause = .historyDiffers
        case .shorter:
            server.restore(to: 4)
            cause = .revisionWentBack
        case .term:
            server.setTerm(1)
            server.put(("k/6", "new"))
            cause = .termWentBack
        case .otherStore:
            server.replace(clusterID: 0xBAD)
            server.put(("k/0", "b"))
            cause = .otherStore
        }
        #expect(box.followed.connect(server) == .watch(from: server.revision.next))
        // An error has no header: that it is another store is seen with the listing's first page.
        let began: [ListingCause] = [.first, difference == .otherStore ? .revisionWentBack : cause]
        #expect(box.followed.began == began)
        #expect(box.followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
        #expect(box.followed.listings.last?.cause == cause)

        // The new history is the one that is verified from here on.
        box.followed.machine.disconnected()
        #expect(box.followed.connect(server) == .watch(from: server.revision.next))
        #expect(box.followed.began == began)
    }

    @Test("a known other store is listed without asking it for the old history")
    func knownOtherStore() throws {
        let (_, box) = cutOff { _ in }
        let other = ModelServer(clusterID: 0xBAD)
        let first = try request(box.followed.take(box.followed.machine.connected(to: other.clusterID)))
        #expect(first.revision == .none)
        #expect(box.followed.answer(.range(first), other) == .watch(from: 2))
        #expect(box.followed.applied.isEmpty)
    }

    @Test("what was compacted can't be verified: the range is listed, and nothing unchanged is applied again")
    func compacted() {
        var (server, box) = cutOff { $0.put(("k/0", "new")) }
        server.delete("k/1")
        server.compact(to: server.revision)
        #expect(box.followed.connect(server) == .watch(from: server.revision.next))
        #expect(box.followed.listings.last?.cause == .compacted)
        #expect(box.followed.listings.last?.unchanged == 6)
        #expect(box.followed.listings.last?.removed == 1)
        #expect(box.followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
    }

    @Test(
        "a quiet range whose history was compacted resumes without a listing, as its state shows that nothing changed")
    func compactedQuiet() throws {
        var (server, box) = cutOff { $0.put(("k/0", "new")) }
        server.put(("z", "elsewhere"))
        server.compact(to: server.revision)
        let change = try request(box.followed.take(box.followed.machine.connected()))
        let present = try request(box.followed.answerOnce(change, server))
        #expect(present.range == .prefix("k/") && present.revision == .none && present.limit == 1)
        #expect(box.followed.answer(.range(present), server) == .watch(from: server.revision.next))
        #expect(box.followed.began == [.first])
        #expect(box.followed.machine.completeRevision == server.revision)
    }

    @Test("a compacted change with a later progress is proven by the state at the progress")
    func compactedChange() {
        var (server, box) = cutOff { $0.put(("k/0", "new")) }
        _ = box.followed.connect(server)
        _ = box.followed.message(server.created())
        server.put(("z", "elsewhere"))
        _ = box.followed.message(server.progress())
        box.followed.machine.disconnected()
        server.compact(to: server.revision)
        #expect(box.followed.connect(server) == .watch(from: server.revision.next))
        #expect(box.followed.began == [.first])
    }

    @Test("what was not applied is told again, changed or not, and what vanished meanwhile is deleted")
    func notApplied() {
        var server = filled()
        var followed = Followed()
        _ = followed.connect(server)
        followed.machine.batchRefused()
        followed.machine.disconnected()
        server.delete("k/0")
        #expect(followed.connect(server) == .watch(from: server.revision.next))
        #expect(followed.listings.last?.cause == .notApplied)
        #expect(followed.listings.last?.changed == 6 && followed.listings.last?.removed == 1)
        #expect(followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
    }

    @Test("a listing that was cut is repeated at the next connection, and deletes what vanished meanwhile")
    func cutListing() throws {
        var server = filled()
        var followed = Followed()
        let second = try request(followed.answerOnce(try request(followed.take(followed.machine.connected())), server))
        #expect(second.revision == server.revision)
        followed.machine.disconnected()
        #expect(followed.applied.count == 3)
        server.delete("k/0")
        #expect(followed.connect(server) == .watch(from: server.revision.next))
        #expect(followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
        #expect(followed.began == [.first, .first])
    }
}

struct FollowBudgetTests {
    @Test("over the number of keys nothing new is taken; changes and deletions of known keys are")
    func keys() {
        var server = filled(7)
        var followed = Followed()
        followed.budget = FollowBudget(maximumKeys: 4)
        #expect(followed.connect(server) == .watch(from: server.revision.next))
        #expect(followed.applied.keys.sorted() == ["k/0", "k/1", "k/2", "k/3"])
        #expect(followed.budget.keys == 4 && followed.budget.refusals == 3)
        #expect(followed.listings.last?.refused == 3)

        let from = server.revision.next
        server.put(("k/1", "changed"))
        server.delete("k/0")
        server.put(("k/8", "fits now"))
        server.put(("k/9", "does not"))
        #expect(followed.watch(server, from: from) == .wait)
        #expect(followed.applied.keys.sorted() == ["k/1", "k/2", "k/3", "k/8"])
        #expect(followed.applied["k/1"] == server.present["k/1"])
    }

    @Test("over the bytes a growing value is refused and the last one kept; a shrinking one is taken")
    func bytes() {
        var server = filled(2)
        var followed = Followed()
        followed.budget = FollowBudget(maximumBytes: 60)
        _ = followed.connect(server)
        let kept = followed.applied["k/1"]
        let from = server.revision.next
        server.put(("k/1", String(repeating: "x", count: 100)))
        server.put(("k/0", ""))
        #expect(followed.watch(server, from: from) == .wait)
        #expect(followed.applied["k/1"] == kept && kept != nil)
        #expect(followed.applied["k/0"] == server.present["k/0"])
        #expect(followed.budget.refusals == 1)
    }

    @Test("what was refused is listed again at the next connection, and taken if there is room")
    func again() {
        var server = filled(5)
        var followed = Followed()
        followed.budget = FollowBudget(maximumKeys: 4)
        _ = followed.connect(server)
        followed.machine.disconnected()
        server.delete("k/0")
        #expect(followed.connect(server) == .watch(from: server.revision.next))
        #expect(followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
        #expect(followed.began == [.first, .incomplete, .incomplete], "the first listing of the two made the room")
    }

    @Test("the budget's use is what is known, after any number of changes")
    func accounting() {
        var server = filled(3)
        var followed = Followed()
        _ = followed.connect(server)
        let from = server.revision.next
        server.put(("k/0", "a longer value"), ("k/7", "x"))
        server.delete("k/1")
        _ = followed.watch(server, from: from)
        #expect(followed.budget.keys == followed.applied.count)
        #expect(followed.budget.bytes == followed.applied.values.reduce(0) { $0 + $1.encoded.count })
    }
}
