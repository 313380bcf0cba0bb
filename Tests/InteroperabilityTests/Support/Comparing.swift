import MeshCore
import MeshStore

/// Does the same with both, and stops the test unless answer or error are the same.
func expectSame<Answer: Hashable & Sendable>(
    _ what: String,
    ours: () async throws(EtcdError) -> Answer,
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
        actual = .success(try await ours())
    } catch {
        actual = .failure(error)
    }
    guard actual == expected else { throw Difference(what: what, ours: "\(actual)", theirs: "\(expected)") }
}

/// Two answers that should be the same.
struct Difference: Error, CustomStringConvertible {
    var what: String
    var ours: String
    var theirs: String

    var description: String {
        // Test output ends at a zero byte, and keys have some.
        "\(what)\n ours: \(ours)\n etcd: \(theirs)".split(separator: "\0").joined(separator: "\\0")
    }
}

/// The answer to a write of any kind.
enum WriteAnswer: Hashable, Sendable {
    case put(PutAnswer)
    case delete(DeleteAnswer)
    case transaction(TransactionAnswer)
}

extension EtcdWriter {
    func perform(_ write: RandomWrite) async throws(EtcdError) -> WriteAnswer {
        switch write {
        case .put(let request): .put(try await perform(request))
        case .delete(let request): .delete(try await perform(request))
        case .transaction(let request): .transaction(try await perform(request))
        }
    }
}

extension KVStore {
    func perform(_ write: RandomWrite) throws(EtcdError) -> WriteAnswer {
        switch write {
        case .put(let request): .put(try perform(request))
        case .delete(let request): .delete(try perform(request))
        case .transaction(let request): .transaction(try perform(request))
        }
    }
}
