import MeshCore
import MeshWire
import Testing

@testable import MeshClient

/// What has gone wrong with readers of etcd in meshes like this one, each as a test of its own. What of it concerns a
/// mirror stands in that module's tests of this name.
struct KnownTroubleTests {
    @Test("lost deletes over a reconnect: what was deleted meanwhile is deleted, by the watch and by a new listing")
    func lostDeletes() {
        for isCompacted in [false, true] {
            var server = filled(5)
            var followed = Followed()
            _ = followed.connect(server)
            #expect(followed.watch(server, from: server.revision.next) == .wait)
            followed.machine.disconnected()
            let position = server.revision
            server.delete("k/1", "k/3")
            if isCompacted { server.compact(to: server.revision) }
            let next = followed.connect(server)
            if case .watch(let from) = next { _ = followed.watch(server, from: from) }
            #expect(Set(followed.applied.keys) == ["k/0", "k/2", "k/4"])
            #expect(next == .watch(from: isCompacted ? server.revision.next : position.next))
        }
    }

    @Test("moving list revision: what changes between two pages is neither lost nor told twice")
    func movingRevision() throws {
        var server = filled(7)
        var followed = Followed()
        let pinned = server.revision
        var next = followed.take(followed.machine.connected())
        next = followed.answerOnce(try request(next), server)
        // Before and behind the place where the listing is.
        server.put(("k/0", "changed"))
        server.delete("k/1", "k/5")
        server.put(("k/9", "new"))
        next = followed.answer(next, server)
        #expect(next == .watch(from: pinned.next))
        #expect(followed.applied.count == 7, "the listing is of one moment")
        #expect(followed.watch(server, from: pinned.next) == .wait)
        #expect(followed.applied == server.present.filter { $0.key.description.hasPrefix("k/") })
    }

    @Test(
        "endless list errors: each ends its connection after one request, so that only the back-off says when it is tried"
    )
    func listErrors() {
        let server = filled()
        var followed = Followed()
        for _ in 0..<100 {
            guard case .range = followed.take(followed.machine.connected()) else {
                Issue.record("no listing is tried")
                return
            }
            let next = followed.take(followed.machine.rangeFailed(EtcdError(.unavailable, "too many requests")))
            #expect(failure(next) == .requestFailed)
            followed.machine.disconnected()
        }
        #expect(followed.connect(server) == .watch(from: server.revision.next), "and then it works")
    }

    @Test("deleted and re-created: the changes of one key keep their order, also within one message")
    func order() {
        var server = filled(2)
        var followed = Followed()
        _ = followed.connect(server)
        let from = server.revision.next
        for round in 0..<10 {
            server.delete("k/1")
            server.put(("k/1", "\(round)"))
        }
        server.delete("k/0")
        var position = from
        _ = followed.message(server.created())
        _ = server.message(followed.machine.range, from: &position, maximumRevisions: 100).map { followed.message($0) }
        #expect(followed.applied == ["k/1": server.present["k/1"]].compactMapValues { $0 })
    }

    @Test("another replica behind the same address: its revisions are never taken for those of the first")
    func otherReplica() {
        let server = filled(5)
        var followed = Followed()
        _ = followed.connect(server)
        _ = followed.watch(server, from: server.revision.next)
        // In the middle of a connection: it ends.
        var replica = ModelServer(clusterID: 0xBEEF)
        for number in 0..<40 { replica.put((Key("k/r\(number)"), "v")) }
        var message = replica.progress()
        message.events = []
        #expect(failure(followed.message(message)) == .storeChanged)
        #expect(followed.applied.count == 5)
        followed.machine.disconnected()
        // On the next one: it is listed, although the old revision exists there too.
        #expect(followed.connect(replica) == .watch(from: replica.revision.next))
        #expect(followed.listings.last?.cause == .otherStore && followed.listings.last?.removed == 5)
        #expect(followed.applied.count == 40)
    }

    @Test("restored backup: the same store with another future is listed again, not resumed")
    func restoredBackup() {
        var server = filled(5)
        let backup = server.revision
        server.put(("k/lost", "1"))
        var followed = Followed()
        _ = followed.connect(server)
        server.put(("k/lost", "2"))
        _ = followed.watch(server, from: server.revision)
        followed.machine.disconnected()
        server.restore(to: backup)
        // It has as many revisions again, with something else in them.
        for number in 0..<5 { server.put(("k/other", "\(number)")) }
        #expect(followed.connect(server) == .watch(from: server.revision.next))
        #expect(followed.began.last == .historyDiffers)
        #expect(followed.applied == server.present.filter { $0.key.description.hasPrefix("k/") })
    }

    @Test(
        "everything forgotten: the range is listed as if for the first time, each key is told, and the budget is free")
    func forgotten() {
        let server = filled(5)
        var followed = Followed()
        _ = followed.connect(server)
        #expect(followed.budget.keys == 5)
        followed.machine.disconnected()
        followed.machine.forget(budget: &followed.budget)
        #expect(followed.budget.keys == 0 && followed.budget.bytes == 0 && followed.machine.keyCount == 0)
        followed.applied = [:]
        #expect(followed.connect(server) == .watch(from: server.revision.next))
        #expect(followed.began.last == .first)
        #expect(followed.applied.count == 5 && followed.listings.last?.added == 5)
    }
}
