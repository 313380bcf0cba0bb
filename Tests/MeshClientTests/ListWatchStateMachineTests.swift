import MeshCore
import MeshWire
import Testing

@testable import MeshClient

/// A machine, its budget and what its batches made of an empty map.
struct Followed: ~Copyable {
    var machine: ListWatchStateMachine
    var budget = FollowBudget()
    var applied: [Key: KeyValue] = [:]
    var listings: [ListingSummary] = []
    var began: [ListingCause] = []

    init(_ range: KeyRange = .prefix("k/"), pageSize: Int = 3) {
        machine = ListWatchStateMachine(range: range, pageSize: pageSize)
    }

    /// Applies a step's batch and hands on what comes next.
    mutating func take(_ step: ListWatchStep) -> ListWatchStep.Next {
        if let batch = step.batch {
            for event in batch.events {
                applied[event.pair.key] = event.kind == .put ? event.pair : nil
            }
            if let listing = batch.listing { listings.append(listing) }
        }
        if let cause = step.beginsListing { began.append(cause) }
        return step.next
    }

    /// Connects and answers reads from `server` until the machine wants a watch or gives up.
    mutating func connect(_ server: ModelServer) -> ListWatchStep.Next {
        answer(take(machine.connected()), server)
    }

    mutating func answer(_ first: ListWatchStep.Next, _ server: ModelServer) -> ListWatchStep.Next {
        var next = first
        while case .range(let request) = next { next = answerOnce(request, server) }
        return next
    }

    mutating func answerOnce(_ request: RangeRequest, _ server: ModelServer) -> ListWatchStep.Next {
        do throws(EtcdError) {
            let (header, answer) = try server.range(request)
            return take(machine.rangeAnswered(header, answer, budget: &budget))
        } catch {
            return take(machine.rangeFailed(error))
        }
    }

    mutating func message(_ message: WatchServerMessage) -> ListWatchStep.Next {
        take(machine.watchMessageReceived(message, budget: &budget))
    }

    /// Confirms the watch and sends everything from `revision` on.
    mutating func watch(_ server: ModelServer, from revision: Revision) -> ListWatchStep.Next {
        var next = revision
        var step = message(server.created())
        while case .wait = step, let more = server.message(machine.range, from: &next, maximumRevisions: 2) {
            step = message(more)
        }
        return step
    }
}

func failure(_ next: ListWatchStep.Next) -> FollowError.Code? {
    if case .abort(let error) = next { error.code } else { nil }
}

func request(_ next: ListWatchStep.Next) throws -> RangeRequest {
    guard case .range(let request) = next else {
        Issue.record("expected a range request, not \(next)")
        throw EtcdError.stopped
    }
    return request
}

func filled(_ count: Int = 7) -> ModelServer {
    var server = ModelServer()
    server.put(("other", "x"))
    for number in 0..<count { server.put((Key("k/\(number)"), "v\(number)")) }
    server.put(("z", "x"))
    return server
}

struct ListWatchListingTests {
    @Test("pages are read by key at the revision of page one, and the watch begins right after it")
    func pinned() throws {
        var server = filled()
        let listed = server.revision
        var followed = Followed()
        let first = try request(followed.take(followed.machine.connected()))
        #expect(first.range == .prefix("k/"))
        #expect(first.revision == .none && first.limit == 3 && first.sortOrder == .ascending && !first.serializable)

        // The store moves on between the pages.
        let second = try request(followed.answerOnce(first, server))
        server.put(("k/1", "later"), ("k/9", "later"))
        server.delete("k/5")
        #expect(second.revision == listed)
        #expect(second.range == KeyRange(from: "k/2\0", to: .before("k0")))

        let end = followed.answer(followed.answerOnce(second, server), server)
        #expect(end == .watch(from: listed.next))
        #expect(followed.machine.completeRevision == listed)
        #expect(followed.applied == server.state(at: listed).filter { $0.key.hasPrefix("k/") })

        #expect(followed.watch(server, from: listed.next) == .wait)
        #expect(followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
    }

    @Test("an empty range is a complete listing")
    func empty() {
        let server = ModelServer()
        var followed = Followed()
        #expect(followed.connect(server) == .watch(from: 2))
        #expect(followed.listings == [ListingSummary(cause: .first, revision: 1)])
    }

    @Test("a compaction between two pages begins the listing anew at the present revision")
    func compactedMidList() throws {
        var server = filled()
        var followed = Followed()
        let first = try request(followed.take(followed.machine.connected()))
        let second = try request(followed.answerOnce(first, server))
        server.delete("k/0")
        server.put(("k/3", "new"))
        server.compact(to: server.revision)
        let again = try request(followed.answerOnce(second, server))
        #expect(again == first)
        #expect(followed.began == [.first, .first])
        #expect(followed.answer(.range(again), server) == .watch(from: server.revision.next))
        #expect(
            followed.applied == server.present.filter { $0.key.hasPrefix("k/") },
            "k/0 was applied by the cut listing"
        )
    }

    @Test("listings that are compacted again and again end the connection instead of spinning")
    func compactedForEver() throws {
        var server = filled()
        var followed = Followed()
        var next = followed.take(followed.machine.connected())
        var listings = 0
        while case .range(let request) = next {
            if request.revision == .none { listings += 1 }
            next = followed.answerOnce(request, server)
            server.put(("k/3", "\(listings)"))
            server.compact(to: server.revision)
        }
        #expect(failure(next) == .listingsInterrupted)
        #expect(listings == 1 + ListWatchStateMachine.maximumRestarts)
    }

    @Test("a store that goes back between two pages begins the listing anew")
    func wentBackMidList() throws {
        var server = filled()
        var followed = Followed()
        let second = try request(followed.answerOnce(try request(followed.take(followed.machine.connected())), server))
        server.restore(to: 4)
        #expect(followed.answer(.range(second), server) == .watch(from: 5))
        #expect(followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
    }

    @Test("a page that is too large for the transport is asked for again in halves, down to one pair")
    func tooLarge() throws {
        var followed = Followed(pageSize: 5)
        var next = followed.take(followed.machine.connected())
        var limits: [Int64] = []
        while case .range(let request) = next {
            limits.append(request.limit)
            next = followed.take(followed.machine.rangeFailed(EtcdError(.resourceExhausted, "message too large")))
        }
        #expect(limits == [5, 2, 1])
        #expect(failure(next) == .requestFailed)
    }

    @Test("another error gives the connection up and keeps what is known")
    func otherError() {
        var followed = Followed()
        #expect(followed.connect(filled()) == .watch(from: 11))
        followed.machine.disconnected()
        _ = followed.take(followed.machine.connected())
        let next = followed.take(followed.machine.rangeFailed(.permissionDenied))
        #expect(
            next
                == .abort(
                    FollowError(
                        .requestFailed,
                        "k/*: the last applied revision could not be verified",
                        cause: .permissionDenied
                    )
                )
        )
        #expect(followed.machine.keyCount == 7)
    }

    @Test("what a server may not answer gives the connection up", arguments: 0..<5)
    func violations(kind: Int) throws {
        let server = filled()
        var followed = Followed()
        let first = try request(followed.take(followed.machine.connected()))
        var (header, answer) = try server.range(first)
        switch kind {
        case 0: answer.pairs.swapAt(0, 1)
        case 1: answer.pairs[0] = KeyValue(key: "other", modRevision: 2, value: [])
        case 2: answer.pairs[1] = answer.pairs[0]
        case 3: answer.pairs[0] = KeyValue(key: "k/0", modRevision: header.revision.next, value: [])
        default: answer.pairs = []
        }
        if kind == 4 { header.revision = header.revision.next }
        let next = followed.take(followed.machine.rangeAnswered(header, answer, budget: &followed.budget))
        #expect(failure(next) == .protocolViolation)
        #expect(followed.applied.isEmpty)
    }

    @Test("a header without cluster_id, as etcd's own gRPC proxy sends it, gives the connection up")
    func noClusterID() throws {
        let server = filled()
        var followed = Followed()
        var (header, answer) = try server.range(try request(followed.take(followed.machine.connected())))
        header.clusterID = 0
        let next = followed.take(followed.machine.rangeAnswered(header, answer, budget: &followed.budget))
        #expect(failure(next) == .headerMissing)
    }
}

struct ListWatchWatchingTests {
    /// A machine that has listed `server` and whose watch is confirmed.
    private func watching(_ server: ModelServer) -> Followed {
        var followed = Followed()
        #expect(followed.connect(server) == .watch(from: server.revision.next))
        #expect(followed.message(server.created()) == .wait)
        return followed
    }

    @Test("events are applied, and the last event's revision is the complete one, not the header's")
    func events() {
        var server = filled()
        var followed = watching(server)
        var next = server.revision.next
        let put = server.put(("k/0", "new"))
        server.put(("k/1", "newer"))
        server.put(("z", "elsewhere"))
        let message = server.message(.prefix("k/"), from: &next, maximumRevisions: 1)
        #expect(message?.header?.revision == server.revision)
        #expect(followed.message(message ?? server.progress()) == .wait)
        #expect(followed.machine.completeRevision == put)
        #expect(followed.machine.storeRevision == server.revision)
    }

    @Test("a progress message advances the complete revision")
    func progress() {
        var server = filled()
        var followed = watching(server)
        server.put(("z", "elsewhere"))
        #expect(followed.message(server.progress()) == .wait)
        #expect(followed.machine.completeRevision == server.revision)
        // And does not take it back.
        var late = server.progress()
        late.header?.revision = 3
        #expect(followed.message(late) == .wait)
        #expect(followed.machine.completeRevision == server.revision)
    }

    @Test("the confirmation's header does not advance the complete revision: its events are still to come")
    func confirmation() {
        var server = filled()
        var followed = Followed()
        _ = followed.connect(server)
        let listed = server.revision
        server.put(("k/0", "new"))
        #expect(followed.message(server.created()) == .wait)
        #expect(followed.machine.completeRevision == listed)
    }

    @Test("a compaction past the watch lists again on the same connection, and applies only what changed")
    func compacted() throws {
        var server = filled()
        var followed = watching(server)
        var next = server.revision.next
        server.put(("k/0", "new"), ("k/8", "new"))
        server.delete("k/3")
        server.compact(to: server.revision)
        let message = try #require(server.message(.prefix("k/"), from: &next, maximumRevisions: 1))
        #expect(message.canceled)
        #expect(followed.answer(followed.message(message), server) == .watch(from: server.revision.next))
        var summary = ListingSummary(cause: .compacted, revision: server.revision)
        (summary.added, summary.changed, summary.unchanged, summary.removed) = (1, 1, 5, 1)
        #expect(followed.listings.last == summary)
        #expect(followed.applied == server.present.filter { $0.key.hasPrefix("k/") })
    }

    @Test("a refused watch and a watch that the server ended give the connection up with the server's reason")
    func canceled() {
        let server = filled()
        var followed = Followed()
        _ = followed.connect(server)
        var message = server.created(-1)
        message.canceled = true
        message.cancelReason = "etcdserver: permission denied"
        let refused = followed.message(message)
        #expect(failure(refused) == .watchRefused)
        #expect("\(refused)".contains("permission denied"))

        var other = watching(server)
        message.created = false
        #expect(failure(other.message(message)) == .watchEnded)
    }

    @Test("a stream's message of another store, or without a header, gives the connection up")
    func anotherStore() {
        let server = filled()
        for clusterID in [nil, 0, 0xBAD] as [UInt64?] {
            var followed = watching(server)
            var message = server.progress()
            message.header = clusterID.map {
                ResponseHeader(clusterID: $0, memberID: 1, revision: 99, raftTerm: 1)
            }
            let expected: FollowError.Code = clusterID == 0xBAD ? .storeChanged : .headerMissing
            #expect(failure(followed.message(message)) == expected)
            #expect(followed.machine.completeRevision == server.revision)
        }
    }

    @Test("an old event, a foreign event and events before the confirmation are never applied")
    func wrongEvents() {
        let server = filled()
        let old = WatchEvent(kind: .put, pair: KeyValue(key: "k/0", modRevision: server.revision, value: [1]))
        let foreign = WatchEvent(kind: .put, pair: KeyValue(key: "z", modRevision: 99, value: [1]))
        let later = WatchEvent(kind: .put, pair: KeyValue(key: "k/0", modRevision: 99, value: [1]))
        let between = WatchEvent(kind: .put, pair: KeyValue(key: "k/0", modRevision: 98, value: [1]))
        for events in [[old], [foreign], [later, between]] {
            var followed = watching(server)
            let before = followed.applied
            var message = server.progress()
            message.events = events
            #expect(failure(followed.message(message)) == .protocolViolation)
            #expect(followed.applied == before)
        }
        var unconfirmed = Followed()
        _ = unconfirmed.connect(server)
        var message = server.progress()
        message.events = [later]
        #expect(failure(unconfirmed.message(message)) == .protocolViolation)
    }
}
