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
