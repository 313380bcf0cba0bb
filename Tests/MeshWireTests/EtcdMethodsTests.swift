import MeshWire
import Testing

@Suite struct EtcdMethodsTests {
    @Test func everyMethodIsListedOnce() {
        #expect(EtcdMethods.all.count == 42)
        #expect(Set(EtcdMethods.all.map(\.path)).count == EtcdMethods.all.count)
        let services = Dictionary(grouping: EtcdMethods.all, by: \.service).mapValues(\.count)
        #expect(
            services == ["KV": 6, "Watch": 1, "Lease": 5, "Cluster": 5, "Maintenance": 8, "Auth": 17]
        )
    }

    @Test func theNamedPathsAreThoseOfTheList() {
        let named = [
            EtcdMethods.range, EtcdMethods.put, EtcdMethods.deleteRange, EtcdMethods.transaction, EtcdMethods.compact,
            EtcdMethods.watch, EtcdMethods.status, EtcdMethods.hash, EtcdMethods.hashKV, EtcdMethods.memberList,
            EtcdMethods.leaseTimeToLive, EtcdMethods.leaseLeases, EtcdMethods.authStatus, EtcdMethods.authenticate,
            EtcdMethods.rangeStream, EtcdMethods.alarm, EtcdMethods.leaseGrant, EtcdMethods.leaseRevoke,
            EtcdMethods.leaseKeepAlive,
        ]
        let listed = Set(EtcdMethods.all.map(\.path))
        for path in named { #expect(listed.contains(path), "\(path)") }
    }

    @Test func whatAReadOnlyServerMayAnswerIsExactlyWhatOnlyReads() {
        let reads = EtcdMethods.all.filter { $0.effect == .reads }.map { "\($0.service)/\($0.name)" }
        #expect(
            Set(reads) == [
                "KV/Range", "KV/RangeStream", "Watch/Watch", "Lease/LeaseTimeToLive", "Lease/LeaseLeases",
                "Cluster/MemberList", "Maintenance/Status", "Maintenance/Hash", "Maintenance/HashKV",
                "Auth/AuthStatus", "Auth/Authenticate",
            ]
        )
    }

    @Test func onlyAlarmDoesWhatItsRequestSays() {
        #expect(EtcdMethods.all.filter { $0.effect == .dependsOnRequest }.map(\.path) == [EtcdMethods.alarm])
    }

    @Test func onlyWhatCanChangeAnythingChangesState() {
        for method in EtcdMethods.all {
            #expect(method.changesState == (method.effect == .changes || method.effect == .dependsOnRequest))
        }
        for path in [EtcdMethods.put, EtcdMethods.deleteRange, EtcdMethods.transaction, EtcdMethods.compact] {
            #expect(EtcdMethods.all.first { $0.path == path }?.changesState == true, "\(path)")
        }
    }

    @Test func streamsAreKnown() {
        let streams = EtcdMethods.all.filter { $0.streaming != .none }.map(\.name)
        #expect(Set(streams) == ["RangeStream", "Watch", "LeaseKeepAlive", "Snapshot"])
        #expect(EtcdMethods.all.first { $0.path == EtcdMethods.watch }?.streaming == .both)
    }
}
