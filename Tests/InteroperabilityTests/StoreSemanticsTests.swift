import MeshCore
import MeshStore
import TestSupport
import Testing

/// The same operations to a real etcd and to our store; the answers compared field by field.
@Suite struct StoreSemanticsTests {
    @Test func aRandomHistoryIsAnsweredAsEtcdAnswersIt() async throws {
        let etcd = try await EtcdProcess.start()
        let store = KVStore()
        try await withEtcdWriter(etcd) { writer in
            try await withRandomNumbers { numbers in
                for step in 1...400 {
                    let write = numbers.aWrite(near: store.revision)
                    try await expectSame("write \(step): \(write)") { () throws(EtcdError) in
                        try store.perform(write)
                    } as: { () throws(EtcdError) in
                        try await writer.perform(write)
                    }

                    let read = numbers.aRead(near: store.revision)
                    try await expectSame("read after write \(step): \(read)") { () throws(EtcdError) in
                        try store.perform(read).withTiesByKey(read)
                    } as: { () throws(EtcdError) in
                        try await writer.range(read).answer.withTiesByKey(read)
                    }

                    guard step.isMultiple(of: 80) else { continue }
                    // Not to 0: etcd takes that once, as long as nothing was compacted, and does nothing.
                    let revision = max(1, numbers.aRevision(upTo: store.revision))
                    try await expectSame("compaction to \(revision) after write \(step)") { () throws(EtcdError) in
                        try store.compact(to: revision)
                        return store.revision
                    } as: { () throws(EtcdError) in
                        try await writer.compact(to: revision)
                    }
                }
            }
        }
    }
}

/// Does the same with both, and stops the test unless answer or error are the same.
private func expectSame<Answer: Hashable & Sendable>(
    _ what: String,
    ours: () throws(EtcdError) -> Answer,
    as theirs: () async throws(EtcdError) -> Answer
) async throws {
    let expected: Result<Answer, EtcdError>
    do {
        expected = .success(try await theirs())
    } catch {
        expected = .failure(error)
    }
    let actual: Result<Answer, EtcdError>
    do {
        actual = .success(try ours())
    } catch {
        actual = .failure(error)
    }
    guard actual == expected else { throw Difference(what: what, ours: "\(actual)", theirs: "\(expected)") }
}

/// Two answers that should be the same.
private struct Difference: Error, CustomStringConvertible {
    var what: String
    var ours: String
    var theirs: String

    var description: String {
        // Test output ends at a zero byte, and keys have some.
        "\(what)\n ours: \(ours)\n etcd: \(theirs)".split(separator: "\0").joined(separator: "\\0")
    }
}

/// The answer to a write of any kind.
private enum WriteAnswer: Hashable, Sendable {
    case put(PutAnswer)
    case delete(DeleteAnswer)
    case transaction(TransactionAnswer)
}

extension EtcdWriter {
    fileprivate func perform(_ write: RandomWrite) async throws(EtcdError) -> WriteAnswer {
        switch write {
        case .put(let request): .put(try await perform(request))
        case .delete(let request): .delete(try await perform(request))
        case .transaction(let request): .transaction(try await perform(request))
        }
    }
}

extension KVStore {
    fileprivate func perform(_ write: RandomWrite) throws(EtcdError) -> WriteAnswer {
        switch write {
        case .put(let request): .put(try perform(request))
        case .delete(let request): .delete(try perform(request))
        case .transaction(let request): .transaction(try perform(request))
        }
    }
}
