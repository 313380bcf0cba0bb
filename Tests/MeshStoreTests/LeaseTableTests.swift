import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct LeaseTableTests {
    private func table(_ leases: [Int64: Int64], from now: Duration = .zero) -> LeaseTable {
        var table = LeaseTable()
        table.beginTime(at: now)
        for (id, ttl) in leases { table.insert(LeaseID(id), ttl: ttl, now: now) }
        return table
    }

    private func overdue(_ table: inout LeaseTable, at now: Duration) -> [Int64] {
        let ids = table.overdue(at: now).map(\.rawValue)
        if let broken = table.brokenInvariant() { Issue.record("\(broken)") }
        return ids
    }

    @Test func leasesEndInTheOrderOfTheirTimesAndNotBefore() {
        var table = table([1: 30, 2: 10, 3: 20, 4: 10])
        #expect(overdue(&table, at: .milliseconds(9_999)) == [])
        #expect(overdue(&table, at: .seconds(10)) == [2, 4])
        #expect(overdue(&table, at: .seconds(30)) == [2, 4, 3, 1])
        #expect(overdue(&table, at: .seconds(30)) == [2, 4, 3, 1], "they stay until they are removed")
        #expect(table.remove(LeaseID(2)) == [])
        #expect(table.remove(LeaseID(3)) == [])
        #expect(overdue(&table, at: .seconds(30)) == [4, 1])
        #expect(table.remove(LeaseID(3)) == nil)
    }

    @Test func leasesOfOneSecondEndInTheOrderOfItsFractions() {
        var table = LeaseTable()
        table.beginTime(at: .zero)
        table.insert(LeaseID(1), ttl: 2, now: .milliseconds(900))
        table.insert(LeaseID(2), ttl: 2, now: .milliseconds(100))
        #expect(overdue(&table, at: .milliseconds(2_500)) == [2])
        #expect(overdue(&table, at: .milliseconds(2_900)) == [2, 1])
    }

    @Test func aLeaseThatIsKeptAliveEndsItsWholeTimeLater() {
        var table = table([1: 10])
        #expect(table.renew(LeaseID(1), now: .seconds(9)) == 10)
        #expect(table.remaining(of: LeaseID(1), at: .seconds(9)) == .seconds(10))
        #expect(overdue(&table, at: .seconds(18)) == [])
        #expect(table.renew(LeaseID(1), now: .seconds(18)) == 10)
        #expect(overdue(&table, at: .milliseconds(27_900)) == [])
        #expect(overdue(&table, at: .seconds(28)) == [1])
    }

    @Test func aLeaseWhoseTimeIsOverCannotBeKeptAlive() {
        var table = table([1: 10])
        #expect(table.renew(LeaseID(1), now: .seconds(10)) == nil)
        #expect(table.renew(LeaseID(2), now: .seconds(1)) == nil)
        #expect(overdue(&table, at: .seconds(10)) == [1])
        #expect(table.remaining(of: LeaseID(1), at: .seconds(12)) == .zero)
    }

    @Test func nothingEndsWhileNobodyLooksAtTheTime() {
        var table = LeaseTable()
        table.insert(LeaseID(1), ttl: 10, now: .zero)
        #expect(overdue(&table, at: .seconds(1_000)) == [])
        #expect(table.remaining(of: LeaseID(1), at: .seconds(1_000)) == .seconds(10))
        #expect(table.renew(LeaseID(1), now: .seconds(1_000)) == 10)
        table.beginTime(at: .seconds(2_000))
        #expect(overdue(&table, at: .seconds(2_009)) == [])
        #expect(overdue(&table, at: .seconds(2_010)) == [1])
        table.endTime()
        #expect(overdue(&table, at: .seconds(3_000)) == [])
        table.beginTime(at: .seconds(4_000))
        #expect(overdue(&table, at: .seconds(4_009)) == [])
        #expect(overdue(&table, at: .seconds(4_010)) == [1])
    }

    @Test func timeRunsAsLongAsOneLooks() {
        var table = table([1: 10])
        table.beginTime(at: .seconds(5))
        table.endTime()
        #expect(overdue(&table, at: .seconds(10)) == [1], "the second look gave no new time, and its end stopped none")
    }

    @Test func passesOverALongTimeWithoutLeasesAtOnce() {
        var table = table([1: 9_000_000_000, 2: 5])
        let clock = ContinuousClock()
        let time = clock.measure { #expect(overdue(&table, at: .seconds(9_000_000_000)) == [2, 1]) }
        #expect(time < .seconds(10))
    }

    @Test func aKeyIsAttachedToOneLeaseAtATime() {
        var table = table([1: 10, 2: 10])
        table.move("a", from: .none, to: LeaseID(1))
        table.move("b", from: .none, to: LeaseID(1))
        table.move("a", from: LeaseID(1), to: LeaseID(2))
        #expect(table.keys(of: LeaseID(1)) == ["b"])
        #expect(table.keys(of: LeaseID(2)) == ["a"])
        table.move("a", from: LeaseID(2), to: .none)
        #expect(table.keys(of: LeaseID(2)) == [])
        table.move("b", from: LeaseID(1), to: LeaseID(3))
        #expect(table.keys(of: LeaseID(3)) == [], "there is no such lease, and none is made")
        #expect(table.count == 2)
    }

    @Test func listsTheLeaseWithTheLeastTimeLeftFirst() {
        var table = table([5: 20, 1: 10, 3: 10])
        #expect(table.byRemainingTime(at: .zero).map(\.rawValue) == [1, 3, 5])
        _ = table.renew(LeaseID(1), now: .seconds(9))
        #expect(table.byRemainingTime(at: .seconds(9)).map(\.rawValue) == [3, 1, 5])
    }

    @Test func copiesShareNothingThatChanges() {
        var table = table([1: 10])
        table.move("a", from: .none, to: LeaseID(1))
        let copy = table
        table.move("b", from: .none, to: LeaseID(1))
        _ = table.renew(LeaseID(1), now: .seconds(5))
        #expect(copy.keys(of: LeaseID(1)) == ["a"])
        #expect(copy.remaining(of: LeaseID(1), at: .zero) == .seconds(10))
        #expect(copy.changes < table.changes)
    }

    @Test func endsWhatAPlainListWouldEnd() async throws {
        try await withRandomNumbers { numbers in
            var table = table([:])
            var plain: [Int64: (ttl: Int64, deadline: Int)] = [:]
            var now = 0
            for step in 0..<4_000 {
                let id = Int64.random(in: 1...40, using: &numbers)
                switch Int.random(in: 0..<10, using: &numbers) {
                case 0..<3 where plain[id] == nil:
                    let ttl = Int64.random(in: 1...30, using: &numbers)
                    table.insert(LeaseID(id), ttl: ttl, now: .milliseconds(now))
                    plain[id] = (ttl, now + Int(ttl) * 1_000)
                case 3..<5:
                    let renewed = table.renew(LeaseID(id), now: .milliseconds(now))
                    #expect(renewed == plain[id].flatMap { $0.deadline > now ? $0.ttl : nil })
                    if let renewed { plain[id] = (renewed, now + Int(renewed) * 1_000) }
                case 5:
                    #expect((table.remove(LeaseID(id)) != nil) == (plain.removeValue(forKey: id) != nil))
                default:
                    now += Int.random(in: 0...(step % 50 == 0 ? 100_000 : 700), using: &numbers)
                    let expected = plain.filter { $0.value.deadline <= now }
                        .sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }.map(\.key)
                    #expect(overdue(&table, at: .milliseconds(now)) == expected)
                    for id in expected.prefix(Int.random(in: 0...3, using: &numbers)) {
                        _ = table.remove(LeaseID(id))
                        plain[id] = nil
                    }
                }
            }
        }
    }
}
