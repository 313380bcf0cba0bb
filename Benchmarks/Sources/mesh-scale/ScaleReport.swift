/// The figures of a run, each beside its target where it has one.
struct ScaleReport: Hashable, Sendable {
    /// One figure.
    struct Row: Hashable, Sendable {
        /// How a figure is counted.
        enum Unit: Hashable, Sendable {
            case seconds
            case milliseconds
            case megabytes
            case count

            fileprivate func text(_ value: Double) -> String {
                switch self {
                case .seconds: "\(Self.rounded(value, places: 2)) s"
                case .milliseconds: "\(Self.rounded(value, places: 2)) ms"
                case .megabytes: "\(Self.rounded(value, places: 1)) MB"
                case .count: "\(Int(value.rounded()))"
                }
            }

            private static func rounded(_ value: Double, places: Int) -> Double {
                let scale = places == 1 ? 10.0 : 100.0
                return (value * scale).rounded() / scale
            }
        }

        var name: String
        var value: Double
        var unit: Unit
        /// What it should stay below.
        var target: Double?

        /// Whether it misses its target.
        var isMissed: Bool { target.map { value >= $0 } ?? false }

        /// For people: the figure, its target, and by how much it is missed.
        var text: String {
            guard let target else { return unit.text(value) }
            let verdict = isMissed ? "MISSED, \(unit.text(value - target)) too much" : "kept"
            return "\(unit.text(value))  (target: below \(unit.text(target)); \(verdict))"
        }
    }

    private(set) var rows: [Row] = []

    /// Adds a figure.
    mutating func add(_ name: String, _ value: Double, _ unit: Row.Unit, below target: Double? = nil) {
        rows.append(Row(name: name, value: value, unit: unit, target: target))
    }

    /// Whether every target is kept.
    var keepsTargets: Bool { !rows.contains(where: \.isMissed) }

    /// The rows, one a line, their names aligned.
    var text: String {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { row in
            row.name + String(repeating: " ", count: width - row.name.count + 2) + row.text
        }.joined(separator: "\n")
    }
}
