import Testing

@testable import mesh_bench

@Suite struct LoadCostTests {
    private static func cost(client: Double, busiest: Double, server: Double) -> LoadCost {
        LoadCost(
            seconds: 10, server: server, serverAndUpstream: server, client: client, busiestClientThread: busiest,
            processors: 2, residentBytes: 0, peakResidentBytes: 0
        )
    }

    @Test func aClientThatHasTimeLeftIsNoBottleneck() {
        #expect(Self.cost(client: 5, busiest: 4, server: 10).clientBottleneck == nil)
    }

    @Test func aThreadThatNeverRestsIsOne() {
        #expect(Self.cost(client: 9.5, busiest: 9.1, server: 2).clientBottleneck != nil)
    }

    @Test func aClientThatTakesAllThatIsLeftIsOne() {
        #expect(Self.cost(client: 9.2, busiest: 5, server: 10).clientBottleneck != nil)
    }

    @Test func theEtcdBehindAServerIsToldApart() {
        var cost = Self.cost(client: 1, busiest: 1, server: 2)
        #expect(!cost.server(per: 10, "event").contains { $0.name.contains("with its etcd") })
        cost.serverAndUpstream = 3
        let figures = cost.server(per: 1_000, "event")
        #expect(figures.first { $0.name == "CPU/event" }?.value == 2e6)
        #expect(figures.first { $0.name == "CPU/event, with its etcd" }?.value == 3e6)
    }
}
