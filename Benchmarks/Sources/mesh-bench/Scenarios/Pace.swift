/// How long a run takes.
struct Pace: Hashable, Sendable {
    /// As the command line names it.
    var name: String
    /// How long a load at a fixed rate, or at full speed, is measured.
    var seconds: Double
    /// How long such a load runs before it is measured.
    var warmUpSeconds: Double
    /// How long a brief step of a search for a rate takes.
    var briefStepSeconds: Double
    /// How long a full step of one takes.
    var fullStepSeconds: Double

    /// To see that everything works.
    static let quick = Pace(name: "quick", seconds: 2, warmUpSeconds: 0.5, briefStepSeconds: 0.7, fullStepSeconds: 1.5)
    /// For a first impression.
    static let standard = Pace(name: "standard", seconds: 5, warmUpSeconds: 1, briefStepSeconds: 1, fullStepSeconds: 4)
    /// For figures that count.
    static let full = Pace(name: "full", seconds: 10, warmUpSeconds: 2, briefStepSeconds: 2, fullStepSeconds: 10)
}
