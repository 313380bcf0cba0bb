internal import BenchmarkSupport

/// A scenario's figures as a table for people: a line for each figure, a column for each server.
///
/// A cell is the median over the rounds, behind it the spread from smallest to largest as a share of it, and in brackets
/// the multiples of etcd's figure (e) and of the floor's (f).
struct ResultTable {
    private let lines: [[String]]

    /// The table of one scenario.
    init(_ measurements: Measurements, scenario: String, titles: (ServerKind) -> String) {
        let rows = measurements.rows(in: scenario)
        let servers = ServerKind.allCases.filter { server in rows.contains { $0.server == server } }
        var lines = [[""] + servers.map(titles)]
        for name in measurements.names(in: scenario) {
            let cells = servers.map { server in
                rows.first { $0.server == server && $0.figure.name == name }.map(Self.cell) ?? "–"
            }
            lines.append([name] + cells)
        }
        self.lines = lines
    }

    /// The table, its columns aligned.
    var text: String {
        guard let columns = lines.first?.indices else { return "" }
        let widths = columns.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            zip(cells, widths).enumerated().map { column, cell in
                let (text, width) = cell
                let padding = String(repeating: " ", count: width - text.count)
                return column == 0 ? text + padding : padding + text
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func cell(_ row: Measurements.Row) -> String {
        var text = Figure.text(row.statistics.median, row.figure.unit)
        if row.statistics.values.count > 1 { text += " ±\(Int((row.statistics.spread * 50).rounded())) %" }
        let multiples = [(row.timesEtcd, "e"), (row.timesFloor, "f")].compactMap { multiple, letter in
            multiple.map { "\(Figure.text($0, .times))\(letter)" }
        }
        return multiples.isEmpty ? text : "\(text) [\(multiples.joined(separator: " "))]"
    }
}
