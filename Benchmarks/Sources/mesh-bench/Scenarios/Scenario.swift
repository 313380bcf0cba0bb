/// One thing to measure, the same for every server.
///
/// A scenario is given a server that was started for it alone, and leaves no connection behind that is not the client's.
protocol Scenario: Sendable {
    /// What `--scenario` calls it.
    var name: String { get }
    /// What it is, in a line.
    var title: String { get }
    /// Whether `make bench` runs it, too, and not only `make bench-full`.
    var isBrief: Bool { get }
    /// Whether it says something about such a server.
    func applies(to server: ServerKind) -> Bool
    /// Measures a server.
    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure]
}

/// What a scenario may take, and where it says what it does.
struct ScenarioContext: Sendable {
    /// How long loads last.
    var pace: Pace
    /// Tells people how far it is, in a line.
    var tell: @Sendable (String) -> Void
}
