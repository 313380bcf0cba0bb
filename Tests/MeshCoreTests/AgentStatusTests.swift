import MeshCore
import Testing

@Suite struct AgentStatusTests {
    private func status(_ peers: [AgentStatus.Peer] = []) -> AgentStatus {
        AgentStatus(
            cluster: "athens", clusterID: 1, isInitialStateComplete: true, storeID: 1, revision: 1, peers: peers)
    }

    private func peer(_ state: String, isCurrent: Bool = false, lastError: String? = nil) -> AgentStatus.Peer {
        AgentStatus.Peer(cluster: "kos", state: state, isCurrent: isCurrent, lastError: lastError)
    }

    @Test func anAgentWithoutPeersIsReadyOnceItsStateIsComplete() {
        #expect(status().isReady)
        var incomplete = status()
        incomplete.isInitialStateComplete = false
        #expect(incomplete.obstacles == ["the own state is not declared complete"])
    }

    @Test func aPeerThatIsNotCurrentIsAnObstacleWithTheReason() {
        #expect(status([peer("watching", isCurrent: true, lastError: "long ago")]).isReady)
        #expect(status([peer("connecting")]).obstacles == ["kos is connecting"])
        #expect(status([peer("disconnected", lastError: "refused")]).obstacles == ["kos is disconnected: refused"])
    }

    @Test func whileAConnectionLivesWhatItWaitsForIsTheReason() {
        var listing = peer("listing")
        listing.kinds = [
            .init(name: "node", isFollowed: true, isSynced: true), .init(name: "ip", isFollowed: true),
            .init(name: "service", isFollowed: false),
            .init(name: "identity", isFollowed: true, isAwaitingCanary: true),
        ]
        #expect(status([listing]).obstacles == ["kos is listing, waiting for: ip, the canary of identity"])
        listing.lastError = "the stream broke off"
        #expect(status([listing]).obstacles == ["kos is listing: the stream broke off"])
    }

    @Test func aFileThatCannotBeUsedIsAnObstacleUnlessItIsHarmless() {
        var faulty = status()
        faulty.peerFaults = [
            .init(file: "peers/kos", line: 3, key: "endpoints", message: "there is no value"),
            .init(file: "peers/hurup", message: "it cannot be read"),
            .init(file: "peers/x", key: "dial-timeout", message: "this is not used here", isHarmless: true),
        ]
        #expect(
            faulty.obstacles == [
                "peers/kos:3: endpoints: there is no value", "peers/hurup: it cannot be read",
            ])
    }

    @Test func aFollowedEtcdMustBeFollowed() {
        var following = status()
        following.followed = .init(state: "watching", staleness: .zero)
        #expect(following.isReady)
        following.followed = .init(state: "connecting", staleness: nil, lastError: "refused")
        #expect(following.obstacles == ["the replica of the followed etcd is connecting: refused"])
    }

    @Test func conflictsAreNoObstacle() {
        var contested = status()
        contested.conflicts = .init(addresses: 1, examples: ["10.0.0.1/32"])
        #expect(contested.isReady)
        #expect(!contested.conflicts.isEmpty)
    }

    @Test func howFarAPeerIsBehindIsNeverNegative() {
        var behind = peer("watching")
        behind.revision = 5
        behind.storeRevision = 9
        #expect(behind.lagRevisions == 4)
        behind.storeRevision = 3
        #expect(behind.lagRevisions == 0)
    }
}
