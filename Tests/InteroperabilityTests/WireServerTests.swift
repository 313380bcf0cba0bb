import MeshCore
import MeshStore
import MeshWire
import TestSupport
import Testing

/// What our server answers about leases and itself, against what a real etcd answers: every field that means anything.
@Suite struct WireServerTests {
    /// One question to both.
    private struct Asked<Answer> {
        var ours: (header: ResponseHeader?, answer: Answer)
        var theirs: (header: ResponseHeader?, answer: Answer)
    }

    /// Asks both, and expects the header that etcd gives, but for who says it.
    private func ask<Answer>(
        _ twins: Twins,
        _ path: String,
        _ request: [UInt8],
        _ decode: ([UInt8]) throws -> (header: ResponseHeader?, answer: Answer)
    ) async throws -> Asked<Answer> {
        let bytes = try await withReader(twins) { reader in try await reader.call(path, request) }
        let asked = Asked(ours: try decode(bytes), theirs: try decode(try await twins.writer.call(path, request)))
        let ours = try #require(asked.ours.header)
        let theirs = try #require(asked.theirs.header)
        #expect(ours.revision == theirs.revision, "\(path)")
        #expect((ours.clusterID != 0) == (theirs.clusterID != 0), "\(path)")
        #expect((ours.memberID != 0) == (theirs.memberID != 0), "\(path)")
        #expect((ours.raftTerm != 0) == (theirs.raftTerm != 0), "\(path)")
        return asked
    }

    /// The same refusal by both.
    private func expectSameRefusal(_ twins: Twins, _ path: String, _ request: [UInt8]) async throws {
        func refusal(_ client: EtcdWriter) async -> EtcdError? {
            do {
                _ = try await client.call(path, request)
                return nil
            } catch {
                return error
            }
        }
        let theirs = await refusal(twins.writer)
        #expect(theirs != nil)
        let ours = try await withReader(twins) { reader in await refusal(reader) }
        #expect(ours == theirs, "\(path)")
    }

    private func withReader<Result>(_ twins: Twins, _ body: (EtcdWriter) async throws -> Result) async throws -> Result
    {
        let reader = try twins.reader()
        do {
            let result = try await body(reader)
            await reader.shutDown()
            return result
        } catch {
            await reader.shutDown()
            throw error
        }
    }

    @Test(.timeLimit(.minutes(2))) func aMemberAndItsStatusHaveTheFieldsThatEtcdFills() async throws {
        try await Twins.run { twins in
            try await twins.put("a", "1")
            for linearizable in [false, true] {
                let members = try await ask(
                    twins,
                    EtcdMethods.memberList,
                    ClusterCodec.encodeMemberListRequest(linearizable: linearizable),
                    ClusterCodec.decodeMemberListAnswer
                )
                let (ours, theirs) = (
                    try #require(members.ours.answer.first), try #require(members.theirs.answer.first)
                )
                #expect(ours.id == members.ours.header?.memberID)
                #expect(theirs.id == members.theirs.header?.memberID)
                #expect(ours.name == theirs.name)
                #expect(ours.clientURLs == ["https://127.0.0.1:\(twins.port)"])
                #expect(theirs.clientURLs == [twins.etcd.endpoint])
                #expect(ours.isLearner == theirs.isLearner)
            }
            let status = try await ask(twins, EtcdMethods.status, [], MaintenanceCodec.decodeStatusAnswer)
            let (ours, theirs) = (status.ours.answer, status.theirs.answer)
            #expect(ours.leader == status.ours.header?.memberID)
            #expect(theirs.leader == status.theirs.header?.memberID)
            #expect(ours.raftTerm == status.ours.header?.raftTerm)
            #expect(theirs.raftTerm == status.theirs.header?.raftTerm)
            #expect(ours.raftIndex == ours.raftAppliedIndex)
            #expect(ours.errors == theirs.errors)
            #expect(ours.isLearner == theirs.isLearner)
            for status in [ours, theirs] {
                #expect(status.databaseSize > 0)
                #expect(status.databaseSizeInUse > 0)
                #expect(status.raftIndex > 0)
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func hashesAreRefusedAndToldWhereEtcdDoes() async throws {
        try await Twins.run { twins in
            for number in 0..<10 { try await twins.put("a", "\(number)") }
            func hashKV(_ revision: Revision) async throws -> Asked<StoreHash> {
                try await ask(
                    twins,
                    EtcdMethods.hashKV,
                    MaintenanceCodec.encodeHashKVRequest(at: revision),
                    MaintenanceCodec.decodeHashKVAnswer
                )
            }
            // Nothing is compacted yet.
            let fresh = try await hashKV(.none)
            #expect(fresh.ours.answer.compactRevision == fresh.theirs.answer.compactRevision)
            try await twins.compact(to: 5)
            for revision: Revision in [.none, 6, 11] {
                let asked = try await hashKV(revision)
                #expect(asked.ours.answer.compactRevision == asked.theirs.answer.compactRevision)
                #expect(asked.ours.answer.hash != 0)
                // Later versions say what they hashed; 3.4 does not have the field.
                #expect(asked.ours.answer.hashRevision == (revision == .none ? 11 : revision))
                #expect(asked.theirs.answer.hashRevision == .none)
            }
            for revision: Revision in [4, 12] {
                let request = MaintenanceCodec.encodeHashKVRequest(at: revision)
                try await expectSameRefusal(twins, EtcdMethods.hashKV, request)
            }
            let hash = try await ask(twins, EtcdMethods.hash, [], MaintenanceCodec.decodeHashAnswer)
            #expect(hash.ours.answer != 0)
        }
    }

    @Test(.timeLimit(.minutes(2))) func leasesAreToldFieldByField() async throws {
        try await Twins.run { twins in
            try await twins.grant(LeaseGrantRequest(ttl: 500, id: LeaseID(5)))
            try await twins.grant(LeaseGrantRequest(ttl: 400, id: LeaseID(-4)))
            try await twins.grant(LeaseGrantRequest(ttl: 600, id: LeaseID(6)))
            for key: Key in ["b", "a", "\0"] { try await twins.put(key, "x", lease: LeaseID(5)) }
            try await twins.delete(.key("b"))

            let list = try await ask(twins, EtcdMethods.leaseLeases, [], LeaseCodec.decodeListAnswer)
            #expect(list.ours.answer == list.theirs.answer)
            #expect(list.ours.answer.leases == [LeaseID(-4), LeaseID(5), LeaseID(6)])

            for request in [
                LeaseTimeToLiveRequest(LeaseID(5)), LeaseTimeToLiveRequest(LeaseID(5), keys: true),
                LeaseTimeToLiveRequest(LeaseID(-4), keys: true), LeaseTimeToLiveRequest(LeaseID(99), keys: true),
                LeaseTimeToLiveRequest(.none),
            ] {
                let asked = try await ask(
                    twins,
                    EtcdMethods.leaseTimeToLive,
                    LeaseCodec.encodeRequest(request),
                    LeaseCodec.decodeTimeToLiveAnswer
                )
                var (ours, theirs) = (asked.ours.answer, asked.theirs.answer)
                // What is left passes, and etcd tells keys in no order.
                #expect((ours.ttl < 0) == (theirs.ttl < 0))
                #expect(abs(ours.ttl - theirs.ttl) < 60)
                ours.ttl = theirs.ttl
                theirs.keys.sort()
                #expect(ours == theirs)
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func alarmsAreToldAsNone() async throws {
        try await Twins.run { twins in
            for alarm in [Alarm(), Alarm(memberID: 7, kind: .corrupt)] {
                let request = MaintenanceCodec.encodeRequest(AlarmRequest(.get, alarm))
                let theirs = try MaintenanceCodec.decodeAlarmAnswer(
                    try await twins.writer.call(EtcdMethods.alarm, request)
                )
                let bytes = try await withReader(twins) { try await $0.call(EtcdMethods.alarm, request) }
                let ours = try MaintenanceCodec.decodeAlarmAnswer(bytes)
                #expect(ours.answer == theirs.answer)
                // 3.4 gives this one answer no header; later versions do, and so do we.
                #expect(ours.header == twins.store.reader.header)
                if let header = theirs.header { #expect(ours.header?.revision == header.revision) }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func nobodyIsAskedForANameAndAPassword() async throws {
        try await Twins.run { twins in
            // AuthenticateRequest: name, password.
            let request: [UInt8] = [0x0A, 1, 0x61, 0x12, 1, 0x62]
            try await expectSameRefusal(twins, EtcdMethods.authenticate, request)
        }
    }

    @Test(.timeLimit(.minutes(2))) func healthIsToldAsEtcdTellsIt() async throws {
        try await Twins.run { twins in
            let request = HealthCodec.encodeRequest(service: "")
            let theirs = try HealthCodec.decodeAnswer(try await twins.writer.call(HealthCodec.check, request))
            #expect(theirs == .serving)
            try await withReader(twins) { reader async throws in
                #expect(try HealthCodec.decodeAnswer(try await reader.call(HealthCodec.check, request)) == theirs)
            }
            // A service that is not known.
            try await expectSameRefusal(twins, HealthCodec.check, HealthCodec.encodeRequest(service: "nobody"))
        }
    }
}
