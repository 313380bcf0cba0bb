internal import BenchmarkSupport
internal import Foundation

/// All figures as JSON, for programs.
struct ResultFile: Codable {
    /// One figure of one server in one scenario.
    struct Entry: Codable {
        var scenario: String
        var server: ServerKind
        var figure: String
        var unit: Figure.Unit
        /// One for each round.
        var values: [Double]
        var median: Double
        var smallest: Double
        var largest: Double
        var timesEtcd: Double?
        var timesFloor: Double?
    }

    /// When the run ended, as ISO 8601 has it.
    var date: String
    var processors: Int
    /// What the servers are called, with their versions.
    var servers: [String: String]
    /// How long steps are: `quick`, `standard` or `full`.
    var pace: String
    var rounds: Int
    var entries: [Entry]

    /// The file of all measurements.
    init(_ measurements: Measurements, scenarios: [String], pace: Pace, rounds: Int, titles: (ServerKind) -> String) {
        date = ISO8601DateFormatter().string(from: Date())
        processors = ProcessInfo.processInfo.activeProcessorCount
        servers = Dictionary(uniqueKeysWithValues: ServerKind.allCases.map { ($0.rawValue, titles($0)) })
        self.pace = pace.name
        self.rounds = rounds
        entries = scenarios.flatMap { scenario in
            measurements.rows(in: scenario).map { row in
                Entry(
                    scenario: scenario, server: row.server, figure: row.figure.name, unit: row.figure.unit,
                    values: row.statistics.values, median: row.statistics.median,
                    smallest: row.statistics.range.lowerBound, largest: row.statistics.range.upperBound,
                    timesEtcd: row.timesEtcd, timesFloor: row.timesFloor
                )
            }
        }
    }

    /// Writes it.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path))
    }
}
