import MeshCore
import MeshRPC
import MeshStore
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatchHubTests {
    private let store = KVStore()

    private func transport() throws -> RPCShard { try #require(RPCShard.all.first) }

    @Test func aShardOfTheTransportHasOneShardOfWatches() throws {
        let hub = WatchHub(reader: store.reader, limits: WatcherLimits())
        let transport = try transport()
        let shard = hub.shard(on: transport)
        #expect(hub.shard(on: transport) === shard)
        #expect(hub.openShards.count == 1)
        hub.stop()
    }

    @Test func commitsReachStreamsOnTheSendingThread() async throws {
        let hub = WatchHub(reader: store.reader, limits: WatcherLimits())
        let shard = hub.shard(on: try transport())
        let member = FakeMember(shard)
        let group = member.join(.prefix("a"))
        for number in 0..<100 {
            try store.put("a", "\(number)")
            try store.put("b", "\(number)")
        }
        try await eventually("all events are announced") { member.groups[group]?.revisions.count == 100 }
        // Paced ones come by the timer.
        try store.put("a", "last")
        try await eventually("the last event is announced") { member.groups[group]?.revisions.count == 101 }
        member.requestSync()
        try await eventually("the shard has caught up") { member.calls.last == "synced 202 up to 1" }
        member.close()
        hub.stop()
    }

    @Test func aHubThatHasStoppedAnnouncesNothing() async throws {
        let hub = WatchHub(reader: store.reader, limits: WatcherLimits())
        let shard = hub.shard(on: try transport())
        let member = FakeMember(shard)
        member.join(.all)
        hub.stop()
        let late = FakeMember(hub.shard(on: try transport()))
        late.join(.all)
        try store.put("a", "1")
        for member in [member, late] { member.requestSync() }
        // What was under way when it stopped would be done before this.
        let other = WatchHub(reader: store.reader, limits: WatcherLimits())
        let later = FakeMember(other.shard(on: try transport()))
        later.requestSync()
        try await eventually("another hub's shard sweeps") { !later.calls.isEmpty }
        #expect(member.calls.isEmpty && late.calls.isEmpty)
        other.stop()
    }
}
