import BenchmarkSupport
import Testing

@testable import mesh_bench

@Suite struct ReportTests {
    private static func measurements() -> Measurements {
        var measurements = Measurements()
        let values: [(ServerKind, [Double])] = [(.etcd, [4_000, 2_000, 3_000]), (.ours, [1_500]), (.floor, [1_000])]
        for (server, costs) in values {
            for cost in costs {
                let figures = [
                    Figure("CPU/event", cost, .nanoseconds), Figure("lost", 0, .count, isCompared: false),
                ]
                measurements.add(.init(scenario: "fan-out", server: server, figures: figures))
            }
        }
        return measurements
    }

    @Test func rowsHaveTheMedianAndItsMultiples() throws {
        let rows = Self.measurements().rows(in: "fan-out")
        let etcd = try #require(rows.first { $0.server == .etcd && $0.figure.name == "CPU/event" })
        #expect(etcd.statistics.median == 3_000)
        #expect(etcd.timesEtcd == nil)
        #expect(etcd.timesFloor == 3)
        let ours = try #require(rows.first { $0.server == .ours && $0.figure.name == "CPU/event" })
        #expect(ours.timesEtcd == 0.5)
        #expect(ours.timesFloor == 1.5)
    }

    @Test func whatIsOnlyToldHasNoMultiples() throws {
        let row = try #require(Self.measurements().rows(in: "fan-out").first { $0.figure.name == "lost" })
        #expect(row.timesEtcd == nil && row.timesFloor == nil)
    }

    @Test func theTableHasAColumnForEachServerAndALineForEachFigure() {
        let table = ResultTable(Self.measurements(), scenario: "fan-out") { $0.rawValue }
        let lines = table.text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("3 µs ±33 %"))
        #expect(lines[1].contains("1.5 µs [0.5×e 1.5×f]"))
        #expect(Set(lines.map(\.count)).count == 1)
    }

    @Test(
        arguments: [
            (850, Figure.Unit.nanoseconds, "850 ns"), (1_500, .nanoseconds, "1.5 µs"),
            (12_345, .nanoseconds, "12.3 µs"), (250e6, .nanoseconds, "250 ms"), (1.5, .seconds, "1.5 s"),
            (94_208, .bytes, "94.2 KB"), (270e6, .bytes, "270 MB"), (187_000, .perSecond, "187k"),
            (17_200, .perSecond, "17200"), (0.25, .times, "0.25×"), (0, .count, "0"),
        ])
    func figuresAreWrittenForPeople(value: Double, unit: Figure.Unit, text: String) {
        #expect(Figure.text(value, unit) == text)
    }
}
