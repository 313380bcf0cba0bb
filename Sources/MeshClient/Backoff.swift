/// How long to wait before trying again: a random time under a bound that doubles.
///
/// Many readers that lost the same server at the same moment come back spread out: the first delay is drawn evenly from
/// 0 to the bound, each further one from the upper half of its own, so that those who came early and failed do not come
/// again while the last ones come for the first time. The bound begins at ``Configuration/firstBound``, doubles with each
/// failure up to ``Configuration/maximumBound``, and begins anew once a connection did its work (``reset()``).
public struct Backoff: Sendable {
    /// The bounds of a back-off.
    public struct Configuration: Hashable, Sendable {
        /// The bound of the first delay. Default 5 s; from 0 up to ``maximumBound``.
        public var firstBound: Duration = .seconds(5)

        /// The greatest bound. Default 60 s; at least ``Backoff/smallestRepeatedBound``.
        public var maximumBound: Duration = .seconds(60)

        /// The defaults.
        public init() {}
    }

    /// The least bound of a second or later delay, so that no configuration makes a busy loop: 100 ms.
    public static let smallestRepeatedBound: Duration = .milliseconds(100)

    /// The bound that the next delay is drawn under.
    public private(set) var bound: Duration

    private let configuration: Configuration
    private var isFirst = true

    /// Starts with the first bound; values outside their ranges are moved to the nearest in it.
    public init(configuration: Configuration = Configuration()) {
        var configuration = configuration
        configuration.maximumBound = max(configuration.maximumBound, Self.smallestRepeatedBound)
        configuration.firstBound = min(max(configuration.firstBound, .zero), configuration.maximumBound)
        self.configuration = configuration
        bound = configuration.firstBound
    }

    /// The delay before the next attempt; the bound doubles.
    ///
    /// - Parameter random: A number drawn evenly from 0 up to 1; anything else is moved into that range.
    public mutating func nextDelay(random: Double) -> Duration {
        let share = random.isFinite ? min(max(random, 0), 1) : 1
        let delay = isFirst ? bound * share : bound * (0.5 + share / 2)
        isFirst = false
        bound = min(max(bound * 2, Self.smallestRepeatedBound), configuration.maximumBound)
        return delay
    }

    /// Begins anew with the first bound: the last connection did its work.
    public mutating func reset() {
        bound = configuration.firstBound
        isFirst = true
    }
}
