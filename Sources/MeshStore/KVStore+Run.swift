internal import MeshCore
public import ServiceLifecycle

extension KVStore: Service {
    /// How many leases, or about how many of their keys, are ended before other tasks get a turn; each lease is ended in
    /// a commit of its own.
    private static let maximumExpiredLeasesPerTurn = 256
    private static let maximumExpiredKeysPerTurn = 4_096

    /// About how many changes of a compaction are dropped in one commit.
    private static let maximumCompactedChangesPerTurn = 4_096

    /// Ends leases whose time is over, and compacts what is older than `KVStoreConfiguration.maximumHistoryAge`, until
    /// the task is cancelled or the service group shuts down gracefully.
    ///
    /// Time runs for leases only while this does. Whenever it begins, every lease has its whole time again, because
    /// nobody may have been able to keep one alive before; while it does not run, no lease ends. Reading and writing do
    /// not need it.
    ///
    /// It looks at the time once per `KVStoreConfiguration.maintenancePeriod`: a lease ends by so much late, never
    /// early. Leases that end together each make a revision of their own, the one that ended first first. How old a
    /// revision is, it knows only from then on when it began.
    public func run() async throws {
        let start = clock.now()
        commit { engine in engine.leases.beginTime(at: start) }
        defer { commit { engine in engine.leases.endTime() } }
        let period = max(configuration.maintenancePeriod, .milliseconds(1))
        await cancelWhenGracefulShutdown {
            var times = RevisionTimes()
            await self.compact(&times)
            while (try? await self.clock.sleep(period)) != nil {
                await self.endLeases()
                await self.compact(&times)
            }
        }
    }

    /// Compacts what is too old, as far as `times` knows.
    private func compact(_ times: inout RevisionTimes) async {
        guard let age = configuration.maximumHistoryAge,
            let target = times.note(revision, at: clock.now(), age: max(age, .seconds(1))),
            target > compactedRevision
        else { return }
        let count = Self.maximumCompactedChangesPerTurn
        while commit({ engine in engine.compact(towards: target, maximumChanges: count) }), !Task.isCancelled {
            await Task.yield()
        }
    }

    /// Ends all leases whose time is over. There are at most as many as `KVStoreConfiguration.maximumLeases`.
    private func endLeases() async {
        let now = clock.now()
        let ended = commit { engine in engine.leases.overdue(at: now) }
        var (leases, keys) = (0, 0)
        for id in ended where !Task.isCancelled {
            keys += commit { engine in engine.expireLease(id, now: now) }
            leases += 1
            guard leases == Self.maximumExpiredLeasesPerTurn || keys > Self.maximumExpiredKeysPerTurn else { continue }
            (leases, keys) = (0, 0)
            await Task.yield()
        }
    }
}
