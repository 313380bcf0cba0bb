import ClusterMesh
import Testing

@testable import clustermesh

@Suite struct StatusReportTests {
    /// 2030-01-01 00:00:00 UTC.
    private let now: Int64 = 1_893_456_000

    private func report(_ status: AgentStatus, verbose: Bool = false) -> String {
        StatusReport(status: status, now: now, isVerbose: verbose).text
    }

    private func status(_ peers: [AgentStatus.Peer] = []) -> AgentStatus {
        AgentStatus(
            cluster: "athens", clusterID: 1, isInitialStateComplete: true, storeID: 0xcdbc_8223_a113_5072,
            revision: 4711, peers: peers)
    }

    /// A peer that is as it should be.
    private var hurup: AgentStatus.Peer {
        var peer = AgentStatus.Peer(cluster: "hurup", state: "watching", isCurrent: true, revision: 99)
        peer.id = 2
        peer.since = .seconds(11_520)
        peer.staleness = .zero
        peer.storeRevision = 99
        peer.storeID = 0xab
        peer.connections = 1
        peer.endpoint = "https://hurup:2379"
        peer.endpoints = [.init(url: "https://hurup:2379", attempts: 1, lastAttempt: .seconds(11_521))]
        peer.heartbeatAge = .seconds(17)
        peer.kinds = [
            .init(name: "node", isFollowed: true, isSynced: true, count: 3),
            .init(name: "service", isFollowed: true, isSynced: true, count: 10),
            .init(name: "identity", isFollowed: true, isSynced: true, count: 8),
            .init(name: "ip", isFollowed: true, isSynced: true, count: 25),
        ]
        peer.budget = .init(keys: 46, maximumKeys: 500_000, bytes: 20_000, maximumBytes: 536_870_912)
        peer.config = .init(id: 2, hasCanaries: true, maximumClusters: 255)
        peer.serverCertificateExpiry = now + 700 * 86_400
        return peer
    }

    /// A peer that was lost.
    private var kos: AgentStatus.Peer {
        var peer = AgentStatus.Peer(
            cluster: "kos", state: "disconnected", isCurrent: false, revision: 40, lastError: "connection refused")
        peer.id = 3
        peer.since = .seconds(250)
        peer.staleness = .seconds(252)
        peer.storeRevision = 52
        peer.lag = .seconds(4)
        peer.nextAttempt = .milliseconds(12_300)
        peer.failures = 5
        peer.lastFailure = .seconds(10)
        peer.connections = 7
        peer.endpoints = [
            .init(
                url: "https://kos-a:2379", attempts: 4, lastAttempt: .seconds(10), lastError: "connection refused"),
            .init(url: "https://kos-b:2379", attempts: 3, lastAttempt: .seconds(25), lastError: "no such host"),
        ]
        peer.kinds = [
            .init(name: "node", isFollowed: true, count: 3), .init(name: "ip", isFollowed: true, count: 25),
        ]
        peer.rejections = .init(
            total: 5, current: 1,
            examples: [
                .init(key: "cilium/state/nodes/v1/kos/x", revision: 12, reason: "cluster 'hurup' in the value")
            ])
        peer.unsupported = ["endpoint slices only: its services are not followed"]
        peer.serverCertificateExpiry = now + 3 * 86_400
        return peer
    }

    @Test func whatIsWellTakesFewLines() {
        #expect(
            report(status([hurup])) == """
                cluster athens (ID 1): ready
                  store cdbc8223a1135072, revision 4711

                1 of 1 peers ready
                PEER   ID  STATE       FOR  NODES  SERVICES  IDENTITIES  IPS  EXPORTS  LAG  STALE  NEXT TRY
                hurup   2  watching  3h12m      3        10           8   25        0    -      -         -

                """)
        #expect(
            report(status()) == """
                cluster athens (ID 1): ready
                  store cdbc8223a1135072, revision 4711

                no peers

                """)
    }

    @Test func whatIsNotWellIsToldWithTheReason() {
        var troubled = status([hurup, kos])
        troubled.isInitialStateComplete = false
        troubled.rejectedLocalRecords = 2
        troubled.certificateExpiry = now - 3600
        troubled.peerFaults = [.init(file: "peers/rhodes", line: 2, key: "endpoints", message: "there is no value")]
        troubled.conflicts = .init(
            addresses: 1, podCIDRs: 1,
            examples: ["10.9.0.1/32: hurup counts, also claimed by kos", "pod range 10.4.0.0/16 of kos/n1 overlaps …"])
        #expect(
            report(troubled) == """
                cluster athens (ID 1): not ready
                  the own state is not declared complete
                  peers/rhodes:2: endpoints: there is no value
                  kos is disconnected: connection refused
                  store cdbc8223a1135072, revision 4711, state not complete, 2 own records not valid
                  own certificate ended at 2029-12-31 23:00:00 UTC, 1h ago

                1 of 2 peers ready
                PEER   ID  STATE           FOR  NODES  SERVICES  IDENTITIES  IPS  EXPORTS      LAG  STALE  NEXT TRY
                hurup   2  watching      3h12m      3        10           8   25        0        -      -         -
                kos     3  disconnected  4m10s     3*         0           0  25*        0  12 (4s)  4m12s    in 12s
                * not known to be all of them on the present connection

                kos: disconnected: connection refused
                  7 connections tried, 5 failed, the last 10s ago, the next attempt in 12s
                  https://kos-a:2379: tried 4 times, last 10s ago: connection refused
                  https://kos-b:2379: tried 3 times, last 25s ago: no such host
                  not supported: endpoint slices only: its services are not followed
                  its certificate: valid until 2030-01-04 00:00:00 UTC, for 3d
                  1 record refused, 5 since the start, such as
                    cilium/state/nodes/v1/kos/x of revision 12: cluster 'hurup' in the value

                peer files:
                  peers/rhodes:2: endpoints: there is no value

                conflicts, 1 of addresses and 1 of pods' ranges:
                  10.9.0.1/32: hurup counts, also claimed by kos
                  pod range 10.4.0.0/16 of kos/n1 overlaps …

                """)
    }

    @Test func everythingIsToldWhenAskedFor() {
        var peer = hurup
        peer.resyncs = [.init(cause: "compacted", count: 2)]
        peer.throttled = .seconds(3)
        peer.outdated = 1
        peer.budget.refusals = 4
        let lines = report(status([peer]), verbose: true).split(separator: "\n").suffix(10).joined(separator: "\n")
        #expect(
            lines
                == """
                hurup: watching
                  1 connection tried, 0 failed
                  https://hurup:2379: tried 1 time, last 3h12m ago
                  store ab, revision 99 of 99, heartbeat 17s ago
                  config: ID 2, for 255 clusters, with canaries
                  its certificate: valid until 2031-12-02 00:00:00 UTC, for 700d
                  1 record held as before, replaced by what was refused
                  listed again for: compacted 2
                  budget: 46 of 500000 keys, 20000 of 536870912 bytes; 4 changes were refused for it
                  held back for 3s in all, for being faster than its rate
                """)
    }

    @Test func aPeerThatWasNeverReadSaysSo() {
        let text = report(status([AgentStatus.Peer(cluster: "rhodes", state: "connecting", isCurrent: false)]))
        #expect(text.contains("rhodes   ?  connecting"), "\(text)")
        #expect(text.contains("never read"), "\(text)")
    }

    @Test func aFollowedEtcdIsToldOf() {
        var following = status()
        following.followed = .init(
            state: "disconnected", since: .seconds(5), endpoint: "https://etcd:2379", staleness: .seconds(6),
            lastError: "refused")
        let text = report(following)
        #expect(text.contains("\n  the replica of the followed etcd is disconnected: refused\n"), "\(text)")
        #expect(text.contains("\n  follows https://etcd:2379, disconnected for 5s, stale for 6s\n"), "\(text)")
    }

    @Test func theJSONHasEveryFieldAlways() {
        let empty = status([AgentStatus.Peer(cluster: "rhodes", state: "connecting", isCurrent: false)])
        #expect(
            empty.json.lines == """
                {
                  "cluster": "athens",
                  "id": 1,
                  "ready": false,
                  "obstacles": [
                    "rhodes is connecting"
                  ],
                  "initialStateComplete": true,
                  "storeID": "cdbc8223a1135072",
                  "revision": 4711,
                  "certificateExpiresAt": null,
                  "rejectedLocalRecords": 0,
                  "followed": null,
                  "peers": [
                    {
                      "cluster": "rhodes",
                      "id": null,
                      "state": "connecting",
                      "sinceSeconds": 0,
                      "ready": false,
                      "explanation": "connecting",
                      "stalenessSeconds": null,
                      "lastError": null,
                      "nextAttemptSeconds": null,
                      "failures": 0,
                      "lastFailureSecondsAgo": null,
                      "connections": 0,
                      "synchronisations": 0,
                      "endpoint": null,
                      "endpoints": [],
                      "storeID": null,
                      "revision": 0,
                      "storeRevision": 0,
                      "lagRevisions": 0,
                      "lagSeconds": 0,
                      "heartbeatSecondsAgo": null,
                      "kinds": {},
                      "outdated": 0,
                      "rejections": {
                        "total": 0,
                        "current": 0,
                        "examples": []
                      },
                      "budget": {
                        "keys": 0,
                        "maximumKeys": 0,
                        "bytes": 0,
                        "maximumBytes": 0,
                        "refusals": 0
                      },
                      "resyncs": {},
                      "serviceExpirations": 0,
                      "throttledSeconds": 0,
                      "serverCertificateExpiresAt": null,
                      "clientCertificateExpiresAt": null,
                      "config": null,
                      "unsupported": []
                    }
                  ],
                  "peerFaults": [],
                  "conflicts": {
                    "addresses": 0,
                    "podCIDRs": 0,
                    "examples": []
                  }
                }
                """)
    }

    @Test func theJSONHasWhatIsKnown() {
        var full = status([hurup, kos])
        full.peerFaults = [.init(file: "peers/rhodes", line: 2, message: "broken")]
        full.followed = .init(state: "watching", staleness: .zero)
        let line = full.json.line
        for part in [
            #""ready":false,"obstacles":["peers/rhodes:2: broken","kos is disconnected: connection refused"]"#,
            #""serverCertificateExpiresAt":"2031-12-02T00:00:00Z","#, #""nextAttemptSeconds":12.3,"#,
            #""stalenessSeconds":252,"#, #""storeID":"ab","#, #""lagRevisions":12,"#,
            #""kinds":{"node":{"followed":true,"awaitingCanary":false,"synced":true,"count":3},"#,
            #"{"url":"https://kos-b:2379","attempts":3,"lastAttemptSecondsAgo":25,"lastError":"no such host"}"#,
            #"{"key":"cilium/state/nodes/v1/kos/x","revision":12,"reason":"cluster 'hurup' in the value"}"#,
            #""config":{"id":2,"cached":false,"syncedCanaries":true,"maxConnectedClusters":255,"#,
            #""followed":{"state":"watching","sinceSeconds":0,"endpoint":"","stalenessSeconds":0,"lastError":null}"#,
            #"{"file":"peers/rhodes","line":2,"key":null,"message":"broken","harmless":false}"#,
        ] {
            #expect(line.contains(part), "\(part) is not in \(line)")
        }
    }
}
