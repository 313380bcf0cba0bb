/// One number that a scenario found out about a server.
struct Figure: Codable, Hashable, Sendable {
    /// How a number is written, and in what it is counted.
    enum Unit: String, Codable, Sendable {
        case nanoseconds
        case seconds
        case bytes
        case perSecond
        case count
        /// A share or a multiple.
        case times
    }

    /// What it is called in tables: the same for all servers.
    var name: String
    var value: Double
    var unit: Unit
    /// Whether it is compared with other servers'; else it is only told.
    var isCompared: Bool

    init(_ name: String, _ value: Double, _ unit: Unit, isCompared: Bool = true) {
        self.name = name
        self.value = value
        self.unit = unit
        self.isCompared = isCompared
    }

    /// The figure for people, in at most eight characters.
    static func text(_ value: Double, _ unit: Unit) -> String {
        func digits(_ value: Double) -> String {
            let places = value >= 99.5 ? 1.0 : value >= 9.95 ? 10.0 : 100.0
            let rounded = (value * places).rounded() / places
            return rounded == rounded.rounded() && rounded < 1e15 ? String(Int(rounded)) : String(rounded)
        }
        switch unit {
        case .nanoseconds:
            return value < 1e3
                ? "\(digits(value)) ns" : value < 1e6 ? "\(digits(value / 1e3)) µs" : "\(digits(value / 1e6)) ms"
        case .seconds: return "\(digits(value)) s"
        case .bytes: return value < 1e6 ? "\(digits(value / 1e3)) KB" : "\(digits(value / 1e6)) MB"
        case .perSecond, .count: return value >= 99_950 ? "\(digits(value / 1e3))k" : digits(value)
        case .times: return "\(digits(value))×"
        }
    }
}
