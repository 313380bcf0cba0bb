/// What the rounds of a measurement come to.
public struct RoundStatistics: Hashable, Sendable {
    /// The figure of each round, in the order of the rounds.
    public let values: [Double]

    /// The statistics of these figures; `nil` if there is none.
    public init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        self.values = values
    }

    /// The smallest and the largest.
    public var range: ClosedRange<Double> { sorted[0]...sorted[sorted.count - 1] }

    /// The one in the middle; the mean of the two there, if their number is even.
    public var median: Double {
        let sorted = sorted
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The distance from the smallest to the largest, as a share of the median; 0 if that is 0.
    public var spread: Double { median == 0 ? 0 : (range.upperBound - range.lowerBound) / abs(median) }

    private var sorted: [Double] { values.sorted() }
}
