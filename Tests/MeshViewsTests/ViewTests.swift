import MeshCore
import MeshRecords
import TestSupport
import Testing

@testable import MeshViews

@Suite("View")
struct ViewTests {
    private func view(limit: Int = 100) -> View<Nodes> {
        View(local: Cluster.athens, maximumPendingChanges: limit)
    }

    private func add(_ names: String...) -> [RecordUpdate] {
        names.map { set(node($0, in: Cluster.kos), in: Cluster.kos) }
    }

    @Test func aSnapshotShowsWhatWasAppliedAndStaysAsItIs() {
        let view = view()
        view.apply(add("n1"))
        let snapshot = view.snapshot()
        view.apply(add("n2") + [.stale(Cluster.kos)])
        #expect(snapshot.all.map(\.node.name) == ["n1"])
        #expect(snapshot.clusters.stale == [])
        #expect(view.snapshot().all.map(\.node.name) == ["n1", "n2"])
        #expect(view.snapshot().clusters.stale == [Cluster.kos])
    }

    @Test func followingStartsWithASnapshotAndGoesOnWithExactlyWhatFollows() async throws {
        let view = view()
        view.apply(add("n1", "n2"))
        var changes = view.changes().makeAsyncIterator()
        let first = await changes.next()
        #expect(first?.changes == nil)
        #expect(first?.state == view.snapshot())
        view.apply(add("n3"))
        view.apply(add("n4"))
        let second = await changes.next()
        #expect(second?.changes?.map(\.name) == ["n3", "n4"])
        #expect(second?.state == view.snapshot())
    }

    @Test func aWaitingFollowerIsWoken() async throws {
        let view = view()
        try await within(.seconds(10)) { [view] in
            async let second: ViewUpdate<Nodes>? = {
                var changes = view.changes().makeAsyncIterator()
                _ = await changes.next()
                return await changes.next()
            }()
            // The follower may not be waiting yet: then it finds the change when it asks.
            try await eventually { view.followerCount == 1 }
            view.apply([set(node("n1", in: Cluster.kos), in: Cluster.kos)])
            #expect(await second?.changes?.map(\.name) == ["n1"])
        }
    }

    @Test func aMarkAloneIsNewsToo() async {
        let view = view()
        view.apply(add("n1"))
        var changes = view.changes().makeAsyncIterator()
        _ = await changes.next()
        view.apply([.stale(Cluster.kos)])
        let update = await changes.next()
        #expect(update?.changes == [])
        #expect(update?.state.clusters.stale == [Cluster.kos])
    }

    @Test func aSlowFollowerGetsASnapshotInsteadOfALongQueue() async {
        let view = view(limit: 3)
        var slow = view.changes().makeAsyncIterator()
        var quick = view.changes().makeAsyncIterator()
        _ = await slow.next()
        _ = await quick.next()
        for name in ["n1", "n2", "n3"] {
            view.apply(add(name))
            #expect(await quick.next()?.changes?.map(\.name) == [name])
        }
        #expect(view.pendingCounts.max() == 3)
        view.apply(add("n4"))
        #expect(view.pendingCounts.max() ?? 0 <= 3)
        let resynchronised = await slow.next()
        #expect(resynchronised?.changes == nil)
        #expect(resynchronised?.state.count == 4)
        #expect(await quick.next()?.changes?.count == 1)
        // From there on it follows again.
        view.apply(add("n5"))
        #expect(await slow.next()?.changes?.map(\.name) == ["n5"])
        #expect(View<Nodes>.defaultMaximumPendingChanges == 4096)
    }

    @Test func oneBatchOverTheLimitIsASnapshotToo() async {
        let view = view(limit: 3)
        var changes = view.changes().makeAsyncIterator()
        _ = await changes.next()
        view.apply(add("n1", "n2", "n3", "n4"))
        let update = await changes.next()
        #expect(update?.changes == nil)
        #expect(update?.state.count == 4)
    }

    @Test func whatChangesNothingIsNoNews() async {
        let view = view()
        view.apply(add("n1"))
        var changes = view.changes().makeAsyncIterator()
        _ = await changes.next()
        view.apply(add("n1"))
        view.apply([remove(.node("n9"), in: Cluster.kos), set(identity(1, "k8s:a=1;"), in: Cluster.kos)])
        view.apply(add("n2"))
        #expect(await changes.next()?.changes?.map(\.name) == ["n2"])
    }

    @Test func finishingEndsFollowersAfterWhatWaitsForThem() async throws {
        let view = view()
        var changes = view.changes().makeAsyncIterator()
        _ = await changes.next()
        view.apply(add("n1"))
        view.finish()
        #expect(await changes.next()?.changes?.count == 1)
        #expect(await changes.next() == nil)
        var late = view.changes().makeAsyncIterator()
        #expect(await late.next()?.state.count == 1)
        #expect(await late.next() == nil)
    }

    @Test func finishingWakesThoseWhoWait() async throws {
        let view = view()
        try await within(.seconds(10)) { [view] in
            async let count = {
                var count = 0
                for await _ in view.changes() { count += 1 }
                return count
            }()
            try await eventually { view.waitingCount == 1 }
            view.finish()
            #expect(await count == 1)
        }
    }

    @Test func cancellingEndsAFollower() async throws {
        let view = view()
        try await within(.seconds(10)) { [view] in
            let follower = Task {
                for await _ in view.changes() {}
            }
            try await eventually { view.waitingCount == 1 }
            follower.cancel()
            await follower.value
            #expect(view.followerCount == 0)
        }
    }

    @Test func nothingIsKeptForAFollowerThatIsGone() async {
        let view = view()
        do {
            var changes = view.changes().makeAsyncIterator()
            #expect(view.followerCount == 0)
            _ = await changes.next()
            #expect(view.followerCount == 1)
        }
        #expect(view.followerCount == 0)
    }

    @Test func manyWritersAndFollowersAgreeInTheEnd() async throws {
        let view = view(limit: 8)
        try await within(.seconds(60)) { [view] in
            await withTaskGroup(of: Nodes?.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        // Applies changes to a copy of its own, which must stay equal to the state.
                        var names: Set<String> = []
                        var last: Nodes?
                        for await update in view.changes() {
                            if let changes = update.changes {
                                for change in changes {
                                    let name = "\(change.cluster)/\(change.name)"
                                    if change.new == nil { names.remove(name) } else { names.insert(name) }
                                }
                            } else {
                                names = Set(update.state.all.map { "\($0.cluster)/\($0.node.name)" })
                            }
                            #expect(names == Set(update.state.all.map { "\($0.cluster)/\($0.node.name)" }))
                            last = update.state
                        }
                        return last
                    }
                }
                await withTaskGroup { writers in
                    for cluster in Cluster.all {
                        writers.addTask {
                            for round in 0..<300 {
                                view.apply([set(node("n\(round % 7)", in: cluster, boot: "\(round)"), in: cluster)])
                                view.apply([remove(.node("n\(round % 5)"), in: cluster)])
                                if round % 16 == 0 { await Task.yield() }
                            }
                        }
                    }
                }
                view.finish()
                for await last in group { #expect(last == view.snapshot()) }
            }
        }
    }
}
