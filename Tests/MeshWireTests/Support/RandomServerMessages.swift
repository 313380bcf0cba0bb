import MeshCore
import MeshWire
import TestSupport

// Random messages about leases, members and the server itself.

extension SplitMix64 {
    mutating func lease() -> LeaseID { LeaseID(number()) }

    mutating func text() -> String {
        ["", "athens", "https://127.0.0.1:2379", "überall", String(repeating: "x", count: 200)]
            .randomElement(using: &self) ?? ""
    }

    mutating func texts() -> [String] { (0..<Int.random(in: 0...3, using: &self)).map { _ in text() } }

    mutating func leaseTimeToLiveAnswer(_ revision: Revision) -> LeaseTimeToLiveAnswer {
        LeaseTimeToLiveAnswer(
            revision: revision,
            id: lease(),
            ttl: number(),
            grantedTTL: number(),
            keys: (0..<Int.random(in: 0...3, using: &self)).map { _ in key() }
        )
    }

    mutating func memberStatus() -> MemberStatus {
        MemberStatus(
            version: text(),
            databaseSize: number(),
            databaseSizeInUse: number(),
            leader: next(),
            raftIndex: next(),
            raftTerm: flag() ? 1 : next(),
            raftAppliedIndex: next(),
            errors: texts(),
            isLearner: flag()
        )
    }

    mutating func alarm() -> Alarm {
        Alarm(
            memberID: flag() ? 0 : next(),
            kind: [.none, .noSpace, .corrupt, Alarm.Kind(rawValue: 17)].randomElement(using: &self) ?? .none
        )
    }

    mutating func alarmRequest() -> AlarmRequest {
        let actions: [AlarmRequest.Action] = [.get, .activate, .deactivate, .init(rawValue: -1)]
        return AlarmRequest(actions.randomElement(using: &self) ?? .get, alarm())
    }

    mutating func clusterMember() -> ClusterMember {
        ClusterMember(id: next(), name: text(), peerURLs: texts(), clientURLs: texts(), isLearner: flag())
    }
}
