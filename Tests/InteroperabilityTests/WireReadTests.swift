import MeshCore
import MeshStore
import TestSupport
import Testing

/// Reads of our server and of a real etcd over the wire, compared field by field; among them what Debian's etcdctl has
/// no flag for.
@Suite struct WireReadTests {
    @Test(.timeLimit(.minutes(2))) func anyReadIsAnsweredAsEtcdAnswersIt() async throws {
        try await Twins.run { twins in
            try await withEtcdWriter(try twins.reader()) { reader in
                try await withRandomNumbers { numbers in
                    for _ in 0..<60 { try await twins.perform(numbers.aWrite(near: twins.store.revision)) }
                    try await twins.compact(to: Revision(twins.store.revision.rawValue / 3))
                    for _ in 0..<200 {
                        let request = numbers.aRead(near: twins.store.revision)
                        try await expectSame("\(request)") { () async throws(EtcdError) in
                            let (header, answer) = try await reader.range(request)
                            return Read(header: header, answer: answer.withTiesByKey(request))
                        } as: { () async throws(EtcdError) in
                            let (header, answer) = try await twins.writer.range(request)
                            return Read(header: header, answer: answer.withTiesByKey(request))
                        }
                    }
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func countsAreAnsweredAsEtcdAnswersThem() async throws {
        try await Twins.run { twins in
            for number in 0..<5 { try await twins.put(Key("c/\(number)"), "value") }
            try await withEtcdWriter(try twins.reader()) { reader in
                for range: KeyRange in [.prefix("c/"), .key("c/1"), .key("missing"), .all, .interval("c/4", "c/2")] {
                    var request = RangeRequest(range)
                    request.countOnly = true
                    let ours = try await reader.range(request).answer
                    #expect(ours == (try await twins.writer.range(request).answer), "\(range)")
                    #expect(ours.pairs.isEmpty)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func requestsWithoutKeyAreRefusedAsEtcdRefusesThem() async throws {
        try await Twins.run { twins in
            try await withEtcdWriter(try twins.reader()) { reader in
                for range in [KeyRange(key: [], rangeEnd: []), KeyRange(key: [], rangeEnd: [0])] {
                    let request = RangeRequest(range)
                    let ours = await #expect(throws: EtcdError.self) { try await reader.range(request) }
                    let theirs = await #expect(throws: EtcdError.self) { try await twins.writer.range(request) }
                    #expect(ours == .emptyKey)
                    #expect(ours == theirs)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func bytesThatAreNoRequestEndTheCallAndNothingElse() async throws {
        try await Twins.run { twins in
            try await withEtcdWriter(try twins.reader()) { reader in
                for bytes: [UInt8] in [[0xFF], [0x0A, 5, 0x61], [0x0B], [0x08, 1]] {
                    let ours = await #expect(throws: EtcdError.self) {
                        try await reader.call("/etcdserverpb.KV/Range", bytes)
                    }
                    #expect(ours?.code == .invalidArgument)
                    await #expect(throws: EtcdError.self) {
                        try await twins.writer.call("/etcdserverpb.KV/Range", bytes)
                    }
                }
                let count = try await reader.range(RangeRequest(.all)).answer.count
                #expect(count == 0)
            }
        }
    }
}

/// An answer with its header, whose numbers of cluster, member and term are only asked to be there.
private struct Read: Hashable, Sendable {
    var answer: RangeAnswer
    var hasIdentity: Bool
    var revision: Revision?

    init(header: ResponseHeader?, answer: RangeAnswer) {
        self.answer = answer
        hasIdentity = header.map { $0.clusterID != 0 && $0.memberID != 0 && $0.raftTerm != 0 } ?? false
        revision = header?.revision
    }
}
