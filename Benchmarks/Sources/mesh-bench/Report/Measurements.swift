internal import BenchmarkSupport

/// What all rounds of all servers found out.
struct Measurements: Sendable {
    /// The figures of one round of one server in one scenario.
    struct Round: Sendable {
        var scenario: String
        var server: ServerKind
        var figures: [Figure]
    }

    /// One figure of one server over all rounds.
    struct Row: Sendable {
        var server: ServerKind
        var figure: Figure
        var statistics: RoundStatistics
        /// The median as a multiple of etcd's; `nil` where that is not there, or 0.
        var timesEtcd: Double?
        /// The median as a multiple of the floor's.
        var timesFloor: Double?
    }

    private(set) var rounds: [Round] = []

    init() {}

    mutating func add(_ round: Round) {
        rounds.append(round)
    }

    /// The names of the figures of a scenario, in the order in which they were first told.
    func names(in scenario: String) -> [String] {
        var names: [String] = []
        for round in rounds where round.scenario == scenario {
            for figure in round.figures where !names.contains(figure.name) { names.append(figure.name) }
        }
        return names
    }

    /// The rows of a scenario: by figure, and each figure by server.
    func rows(in scenario: String) -> [Row] {
        names(in: scenario).flatMap { name in
            let etcd = statistics(scenario, .etcd, name)?.median
            let floor = statistics(scenario, .floor, name)?.median
            return ServerKind.allCases.compactMap { server -> Row? in
                guard let statistics = statistics(scenario, server, name),
                    let figure = figures(scenario, server, name).first
                else { return nil }
                let multiple = { (other: Double?, kind: ServerKind) -> Double? in
                    guard figure.isCompared, server != kind, let other, other > 0 else { return nil }
                    return statistics.median / other
                }
                return Row(
                    server: server, figure: figure, statistics: statistics,
                    timesEtcd: multiple(etcd, .etcd), timesFloor: multiple(floor, .floor)
                )
            }
        }
    }

    private func figures(_ scenario: String, _ server: ServerKind, _ name: String) -> [Figure] {
        rounds.filter { $0.scenario == scenario && $0.server == server }.compactMap { round in
            round.figures.first { $0.name == name }
        }
    }

    private func statistics(_ scenario: String, _ server: ServerKind, _ name: String) -> RoundStatistics? {
        RoundStatistics(figures(scenario, server, name).map(\.value))
    }
}
