import ClusterMesh
import ClusterMeshTestKit

/// What a mirror has to find when it reads a peer again.
struct ExpectedChanges {
    var added = 0
    var changed = 0
    var removed = 0

    func isMet(by found: ChangeCounts) -> Bool {
        (added, changed, removed) == (found.added, found.changed, found.removed)
    }
}

/// A cluster that fails, and comes back.
extension Story {
    /// kos is cut off: the others keep what they know of it, and are as fast as before.
    func clusterIsCutOff() async throws {
        narrator.chapter("kos is cut off")
        let before = try measureOwnWork(in: "athens")
        let viewBefore = try view(at: "athens")
        let held = try status(of: "kos", at: "athens")?.counts.total ?? 0
        let start = ContinuousClock.now
        try mesh.isolate("kos")
        for cluster in others(than: "kos") {
            // The mirror knows it first, and its views a moment later; it may try to connect again in between.
            let noticed = try await time(since: start) {
                try status(of: "kos", at: cluster)?.state.isCurrent == false && isStale("kos", at: cluster)
            }
            let isKept = try view(at: cluster) == viewBefore && status(of: "kos", at: cluster)?.counts.total == held
            narrator.outcome(
                "cut-off", ok: noticed != nil && isKept,
                "\(cluster) noticed after \(noticed?.readable ?? "…never"), keeps all \(held) entries of kos, "
                    + "marked stale",
                [
                    "at": .text(cluster), "kept": .flag(isKept), "stale": .flag(noticed != nil),
                    "entries": .number(held), "milliseconds": .decimal(noticed?.milliseconds ?? -1),
                ])
        }
        try printTable()
        let after = try measureOwnWork(in: "athens")
        // Far apart, because a machine that is busy with something else must not fail the story.
        let isAsFast =
            after.put < before.put * 10 + .microseconds(200) && after.read < before.read * 10 + .microseconds(200)
        narrator.outcome(
            "undisturbed", ok: isAsFast,
            "athens' own work: put \(before.put.readable) before and \(after.put.readable) after, "
                + "read \(before.read.readable) before and \(after.read.readable) after (medians of 1,000)",
            [
                "putBeforeMicroseconds": .decimal(before.put.milliseconds * 1000),
                "putAfterMicroseconds": .decimal(after.put.milliseconds * 1000),
                "readBeforeMicroseconds": .decimal(before.read.milliseconds * 1000),
                "readAfterMicroseconds": .decimal(after.read.milliseconds * 1000),
            ])
    }

    /// kos comes back, with an empty store filled from another state.
    func clusterComesBack() async throws {
        narrator.chapter("kos comes back with another state")
        let name = try mesh.agent("kos").configuration.name
        await mesh.stop("kos")
        let held = fixtures.first { $0.name == "kos" }?.state ?? []
        let (state, expected) = changed(held, of: name)
        let start = ContinuousClock.now
        try mesh.start("kos", holding: state)
        try mesh.reconnect("kos")
        for cluster in others(than: "kos") {
            let synchronized = try await time(since: start) {
                let status = try status(of: "kos", at: cluster)
                return status?.state == .watching && status?.lastResync?.changes.isEmpty == false
            }
            let found = try status(of: "kos", at: cluster)?.lastResync?.changes
            let isCurrent = try await time { try !isStale("kos", at: cluster) } != nil
            narrator.outcome(
                "resync",
                ok: found.map(expected.isMet(by:)) == true && isCurrent && synchronized.map { $0 < Self.limit } == true,
                "\(cluster) is in step again after \(synchronized?.readable ?? "…never"): "
                    + "\(found?.added ?? 0) added, \(found?.changed ?? 0) changed, \(found?.removed ?? 0) removed",
                [
                    "at": .text(cluster), "added": .number(found?.added ?? -1),
                    "changed": .number(found?.changed ?? -1),
                    "removed": .number(found?.removed ?? -1),
                    "milliseconds": .decimal(synchronized?.milliseconds ?? -1),
                ])
        }
        let agreed = try await time {
            let views = try mesh.names.map { try self.view(at: $0) }
            return views.allSatisfy { $0 == views[0] }
        }
        narrator.outcome("reconverged", ok: agreed != nil, "all three have the same view again")
        try printTable()
    }

    /// Another state of kos than `lines`: two nodes' records without one, one changed, one more; and what a mirror has to
    /// find.
    private func changed(_ lines: [StateLine], of cluster: ClusterName) -> ([StateLine], ExpectedChanges) {
        var lines = lines
        var expected = ExpectedChanges()
        let nodes = lines.indices.filter { lines[$0].key.hasPrefix("cilium/state/nodes/") }
        if let last = nodes.last, let node = try? NodeRecord(decoding: lines[last].value) {
            var another = node
            another.name = "kamari"
            another.bootID = ""
            lines.append(
                StateLine(key: RecordKey.node("kamari").key(in: cluster), value: another.encoded()))
            expected.added += 1
        }
        if let first = nodes.first, var node = try? NodeRecord(decoding: lines[first].value) {
            node.labels["maintenance"] = "done"
            lines[first].value = node.encoded()
            expected.changed += 1
        }
        let addresses = lines.indices.filter { lines[$0].key.hasPrefix("cilium/state/ip/") }.suffix(3)
        for index in addresses.reversed() {
            lines.remove(at: index)
            expected.removed += 1
        }
        return (lines, expected)
    }

    /// The median times of a write to the cluster's own store and of a read of its merged view.
    private func measureOwnWork(in name: String) throws -> (put: Duration, read: Duration) {
        let agent = try mesh.agent(name)
        let cart = ServiceName(namespace: "shop", name: "cart")
        var puts: [Duration] = []
        var reads: [Duration] = []
        for round in 0..<1000 {
            var start = ContinuousClock.now
            try agent.store.put("demo/measure", "\(round)")
            puts.append(start.duration(to: .now))
            start = .now
            guard try !backends(of: cart, at: name).isEmpty else { continue }
            reads.append(start.duration(to: .now))
        }
        func median(_ times: [Duration]) -> Duration { times.isEmpty ? .seconds(1) : times.sorted()[times.count / 2] }
        return (median(puts), median(reads))
    }
}
