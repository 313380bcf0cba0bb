import MeshCore
import MeshRecords
import TestSupport
import Testing

@testable import MeshMirror

struct RecordTablesTests {
    private let sample: Sample

    init() throws {
        sample = try Sample()
    }

    private var one: [MeshRecord] {
        get throws {
            let name = ServiceName(namespace: "shop", name: "cart")
            return [
                sample.node("n1"), sample.identity(7), try sample.ip("10.0.0.1"), try sample.ip("fd00::1"),
                .service(ServiceRecord(cluster: "athens", name: name, clusterID: 1)),
                .serviceExport(ServiceExportRecord(cluster: "athens", name: name)),
            ]
        }
    }

    @Test("each kind is held, found, counted, told of and removed under its own key, equal names included")
    func kinds() throws {
        var tables = RecordTables()
        for (number, record) in try one.enumerated() {
            let (old, differs) = tables.hold(record, at: Revision(Int64(number + 1)))
            #expect(old == nil && differs)
        }
        #expect(tables.counts == RecordCounts(nodes: 1, services: 1, identities: 1, ips: 2, serviceExports: 1))
        for (number, record) in try one.enumerated() {
            let held = MirrorRecord(record, modRevision: Revision(Int64(number + 1)))
            #expect(tables.record(record.key) == held)
            #expect(tables.records(record.kind).contains(held))
            #expect(tables.keys(record.kind).contains(record.key))
        }
        for record in try one {
            let (first, second) = (tables.remove(record.key), tables.remove(record.key))
            #expect(first?.record == record && second == nil && tables.record(record.key) == nil)
        }
        #expect(tables.counts.total == 0)
    }

    @Test("the same record again takes its revision and is no difference; another one is")
    func same() throws {
        var tables = RecordTables()
        for record in try one { _ = tables.hold(record, at: 5) }
        for record in try one {
            let (old, differs) = tables.hold(record, at: 9)
            #expect(old == MirrorRecord(record, modRevision: 5) && !differs)
            #expect(tables.record(record.key) == MirrorRecord(record, modRevision: 9))
        }
        let (old, differs) = tables.hold(sample.node("n1", bootID: "second"), at: 10)
        #expect(old?.modRevision == 9 && differs)
    }

    @Test("a record is marked as outdated once, keeps its revision, and is fresh again when it is held anew")
    func outdated() throws {
        var tables = RecordTables()
        for record in try one {
            let before = tables.markOutdated(record.key)
            #expect(!before, "there is none yet")
            _ = tables.hold(record, at: Revision(.max))
            let (first, second) = (tables.markOutdated(record.key), tables.markOutdated(record.key))
            #expect(first && !second)
            #expect(
                tables.record(record.key) == MirrorRecord(record, modRevision: Revision(.max), isOutdated: true))
            let (old, _) = tables.hold(record, at: 0)
            #expect(old?.isOutdated == true)
            #expect(tables.record(record.key) == MirrorRecord(record, modRevision: 0))
        }
    }

    @Test("a copy stays as it was, and the difference of two leads from one to the other")
    func copies() throws {
        var random = SplitMix64(seed: 7)
        var tables = RecordTables()
        for _ in 0..<20 {
            let before = tables
            for _ in 0..<30 {
                let node = sample.node("n\(Int.random(in: 0..<40, using: &random))")
                let ip = try sample.ip("10.0.0.\(Int.random(in: 0..<40, using: &random))")
                for record in [node, ip] {
                    if Bool.random(using: &random) {
                        _ = tables.hold(record, at: 3)
                    } else {
                        _ = tables.remove(record.key)
                    }
                }
            }
            var replayed = before
            for change in before.changes(to: tables, of: sample.cluster) {
                #expect(change.old == before.record(change.key)?.record)
                if let new = change.new { _ = replayed.hold(new, at: 3) } else { _ = replayed.remove(change.key) }
            }
            #expect(replayed.changes(to: tables, of: sample.cluster).isEmpty)
            #expect(replayed.counts == tables.counts)
        }
    }
}
