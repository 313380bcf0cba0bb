import MeshCore
import MeshRecords
import MeshViews
import TestSupport
import Testing

@Suite("IPCache")
struct IPCacheTests {
    private func lookup(_ text: String, in cache: IPCache) throws -> String? {
        cache.lookup(try IPAddress(text)).map { "\($0.prefix) \($0.cluster) \($0.identity)" }
    }

    @Test func theLongestPrefixAnswers() throws {
        var cache = merged(
            IPCache.self,
            [
                set(try ip("0.0.0.0/0", 2), in: Cluster.athens), set(try ip("10.4.0.0/16", 7), in: Cluster.kos),
                set(try ip("10.4.1.0/24", 8), in: Cluster.hurup), set(try ip("10.4.1.5", 9), in: Cluster.kos),
                set(try ip("fd00::/64", 10), in: Cluster.kos), set(try ip("fd00::1", 11), in: Cluster.kos),
            ]
        )
        #expect(try lookup("10.4.1.5", in: cache) == "10.4.1.5/32 kos 9")
        #expect(try lookup("10.4.1.6", in: cache) == "10.4.1.0/24 hurup 8")
        #expect(try lookup("10.4.2.1", in: cache) == "10.4.0.0/16 kos 7")
        #expect(try lookup("192.0.2.1", in: cache) == "0.0.0.0/0 athens 2")
        #expect(try lookup("fd00::1", in: cache) == "fd00::1/128 kos 11")
        #expect(try lookup("fd00::2", in: cache) == "fd00::/64 kos 10")
        #expect(try lookup("fd01::", in: cache) == nil)
        _ = cache.apply([remove(.ip(.cidr(try IPPrefix("10.4.1.0/24"))), in: Cluster.hurup)])
        #expect(try lookup("10.4.1.6", in: cache) == "10.4.0.0/16 kos 7")
        #expect(cache.count == 5)
    }

    @Test func theLocalClusterBeatsRemotesWhoeverWroteLast() throws {
        let local = set(try ip("10.0.0.1", 100), in: Cluster.athens)
        let remote = set(try ip("10.0.0.1", 200), in: Cluster.kos)
        for updates in [[local, remote], [remote, local]] {
            let entry = merged(IPCache.self, updates).lookup(try IPAddress("10.0.0.1"))
            #expect(entry?.cluster == Cluster.athens)
            #expect(entry?.identity == 100)
            #expect(entry?.rivals == [Cluster.kos])
        }
    }

    @Test func betweenRemotesTheFirstByNameWinsAndTheConflictIsReported() throws {
        let prefix = try IPPrefix("10.9.0.0/24")
        var cache = merged(
            IPCache.self,
            [set(try ip("10.9.0.0/24", 3), in: Cluster.kos), set(try ip("10.9.0.0/24", 4), in: Cluster.hurup)]
        )
        #expect(cache[prefix]?.cluster == Cluster.hurup)
        #expect(cache[prefix]?.rivals == [Cluster.kos])
        #expect(cache.conflicts.map(\.prefix) == [prefix])
        #expect(cache.conflicts.map(\.winner) == [Cluster.hurup])
        #expect(cache.conflicts.map(\.rivals) == [[Cluster.kos]])
        #expect(cache.conflicts.first?.description == "10.9.0.0/24: hurup counts, also claimed by kos")
        #expect(cache.conflictCount == 1)
        // A delete of either leaves the other's entry.
        let changes = cache.apply([remove(.ip(.cidr(prefix)), in: Cluster.hurup)])
        #expect(changes.map(\.new?.cluster) == [Cluster.kos])
        #expect(changes.map(\.new?.rivals) == [[]])
        #expect(cache.conflicts == [])
        #expect(cache.conflictCount == 0)
    }

    @Test func ofManyConflictsTheFirstAreListedAndAllCounted() throws {
        let limit = IPCache.maximumListedConflicts
        let addresses = (0..<limit + 20).map { IPAddress(v4: 0x0A00_0000 + UInt32($0)) }
        func updates(_ cluster: ClusterName) -> [RecordUpdate] {
            addresses.shuffled()
                .map { set(.ip(IPRecord(ip: .address($0), hostIP: nil, identity: 2)), in: cluster) }
        }
        var cache = merged(IPCache.self, updates(Cluster.kos) + updates(Cluster.athens) + updates(Cluster.hurup))
        #expect(cache.conflicts.map(\.prefix.address) == Array(addresses.prefix(limit)))
        #expect(cache.conflicts.allSatisfy { $0.winner == Cluster.athens })
        #expect(cache.conflicts.allSatisfy { $0.rivals == [Cluster.hurup, Cluster.kos] })
        #expect(cache.conflictCount == limit + 20)
        _ = cache.apply([remove(.ip(.address(addresses[0])), in: Cluster.athens), .withdrawn(Cluster.kos)])
        #expect(cache.conflictCount == limit + 19)
        _ = cache.apply([.withdrawn(Cluster.hurup)])
        #expect(cache.conflicts == [])
        #expect(cache.count == limit + 19)
    }

    @Test func aRivalThatComesOrGoesIsAChange() throws {
        var cache = merged(IPCache.self, [set(try ip("10.9.0.1", 3), in: Cluster.hurup)])
        var changes = cache.apply([set(try ip("10.9.0.1", 4), in: Cluster.kos)])
        #expect(changes.map(\.new?.rivals) == [[Cluster.kos]])
        #expect(changes.map(\.new?.identity) == [3])
        // What a rival says does not matter, only that there is one.
        #expect(cache.apply([set(try ip("10.9.0.1", 5), in: Cluster.kos)]) == [])
        changes = cache.apply([.withdrawn(Cluster.kos)])
        #expect(changes.map(\.old?.rivals) == [[Cluster.kos]])
        #expect(changes.map(\.new?.rivals) == [[]])
    }

    @Test func oneClusterCanSpeakOfAnAddressInTwoWays() throws {
        let bare = set(try ip("10.9.0.1", 3), in: Cluster.kos)
        let cidr = set(try ip("10.9.0.1/32", 4), in: Cluster.kos)
        for updates in [[bare, cidr], [cidr, bare]] {
            var cache = merged(IPCache.self, updates)
            #expect(cache.lookup(try IPAddress("10.9.0.1"))?.identity == 3)
            #expect(cache.conflicts == [])
            #expect(cache.clusters.count(of: Cluster.kos) == 2)
            _ = cache.apply([remove(.ip(.address(try IPAddress("10.9.0.1"))), in: Cluster.kos)])
            #expect(cache.lookup(try IPAddress("10.9.0.1"))?.identity == 4)
            _ = cache.apply([.withdrawn(Cluster.kos)])
            #expect(cache == merged(IPCache.self, []))
        }
    }

    @Test func rangesThatAreTheSameOnceMaskedAreOneEntryWhoeverCameLast() throws {
        let masked = set(try ip("10.9.0.0/24", 3), in: Cluster.kos)
        let unmasked = set(try ip("10.9.0.7/24", 4), in: Cluster.kos)
        for updates in [[masked, unmasked], [unmasked, masked]] {
            var cache = merged(IPCache.self, updates)
            #expect(try lookup("10.9.0.9", in: cache) == "10.9.0.0/24 kos 3")
            #expect(cache.conflictCount == 0)
            _ = cache.apply([remove(.ip(.cidr(try IPPrefix("10.9.0.0/24"))), in: Cluster.kos)])
            #expect(try lookup("10.9.0.9", in: cache) == "10.9.0.0/24 kos 4")
        }
    }

    @Test func aRemoteHostIsARemoteNode() throws {
        let cache = merged(
            IPCache.self,
            [set(try ip("10.0.0.1", 1), in: Cluster.athens), set(try ip("10.4.0.1", 1), in: Cluster.kos)]
        )
        #expect(cache.lookup(try IPAddress("10.0.0.1"))?.identity == IPCache.hostIdentity)
        #expect(cache.lookup(try IPAddress("10.4.0.1"))?.identity == IPCache.remoteNodeIdentity)
        #expect(cache.lookup(try IPAddress("10.4.0.1"))?.record.identity == 1)
    }

    @Test func anEntryNamesTheNodeThatReachesIt() throws {
        let cache = merged(IPCache.self, [set(try ip("10.4.0.1", 3, host: "172.18.4.2"), in: Cluster.kos)])
        #expect(cache.lookup(try IPAddress("10.4.0.1"))?.hostIP == (try IPAddress("172.18.4.2")))
    }

    @Test func lookupIsTheSameAsLookingAtEveryPrefix() async throws {
        try await withRandomNumbers { random in
            func address(_ random: inout SplitMix64) -> IPAddress {
                let low = UInt64.random(in: 0..<256, using: &random)
                return Bool.random(using: &random) ? IPAddress(v4: UInt32(low)) : IPAddress(v6: low << 56, low)
            }
            var cache = IPCache(local: Cluster.athens)
            for _ in 0..<400 {
                let address = address(&random)
                let length = Int.random(in: 0...address.family.bitCount, using: &random)
                let prefix = try #require(IPPrefix(address, length: length)).masked
                let key: IPKey = prefix.isHost ? .address(prefix.address) : .cidr(prefix)
                let cluster = Cluster.all.randomElement(using: &random) ?? Cluster.kos
                let record = MeshRecord.ip(IPRecord(ip: key, hostIP: nil, identity: 2))
                _ = cache.apply([Bool.random(using: &random) ? set(record, in: cluster) : remove(.ip(key), in: cluster)]
                )
            }
            let all = cache.all
            #expect(all.count > 20)
            #expect(all.map(\.prefix) == all.map(\.prefix).sorted())
            let contested = all.filter { !$0.rivals.isEmpty }
            #expect(cache.conflicts.map(\.prefix) == contested.prefix(100).map(\.prefix))
            #expect(cache.conflictCount == contested.count)
            for _ in 0..<500 {
                let address = address(&random)
                let expected = all.filter { $0.prefix.contains(address) }.max { $0.prefix.length < $1.prefix.length }
                #expect(cache.lookup(address) == expected)
            }
        }
    }
}
