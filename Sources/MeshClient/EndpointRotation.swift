/// The order in which a peer's endpoints are tried: each once a round, in a new random order every round.
public struct EndpointRotation: Hashable, Sendable {
    /// An endpoint to try, and whether it is the first of its round.
    public struct Turn: Hashable, Sendable {
        /// The endpoint.
        public var endpoint: EtcdEndpoint
        /// Whether a new round begins with it: all endpoints have failed since the last time this was true.
        public var beginsRound: Bool
    }

    private let endpoints: [EtcdEndpoint]
    private var round: [EtcdEndpoint] = []

    /// Makes a rotation; `nil` if there is no endpoint.
    public init?(_ endpoints: [EtcdEndpoint]) {
        guard !endpoints.isEmpty else { return nil }
        self.endpoints = endpoints
    }

    /// Whether every endpoint of the present round has been taken.
    public var isRoundOver: Bool { round.isEmpty }

    /// The next endpoint to try.
    public mutating func next(using generator: inout some RandomNumberGenerator) -> Turn {
        let beginsRound = round.isEmpty
        if beginsRound { round = endpoints.shuffled(using: &generator) }
        return Turn(endpoint: round.removeLast(), beginsRound: beginsRound)
    }

    /// Begins a new round with the next turn: an endpoint worked.
    public mutating func endRound() {
        round.removeAll()
    }
}
