import MeshClient
import Testing

struct BackoffTests {
    @Test("the first delay is drawn from 0 to the first bound")
    func firstDelay() {
        for (random, expected) in [(0.0, Duration.zero), (0.5, .milliseconds(2500)), (0.999, .milliseconds(4995))] {
            var backoff = Backoff()
            #expect(backoff.nextDelay(random: random) == expected)
        }
    }

    @Test("a further delay is drawn from the upper half of its bound, until a connection did its work")
    func furtherDelays() {
        for (random, expected) in [(0.0, Duration.seconds(5)), (0.5, .milliseconds(7500)), (1, .seconds(10))] {
            var backoff = Backoff()
            _ = backoff.nextDelay(random: random)
            #expect(backoff.nextDelay(random: random) == expected)
            backoff.reset()
            #expect(backoff.nextDelay(random: 0) == .zero)
        }
    }

    @Test("the bound doubles with each failure, up to the greatest")
    func doubling() {
        var backoff = Backoff()
        let bounds = (0..<7).map { _ in
            defer { _ = backoff.nextDelay(random: 0.3) }
            return backoff.bound
        }
        #expect(bounds == [5, 10, 20, 40, 60, 60, 60].map { Duration.seconds($0) })
    }

    @Test("a connection that did its work begins anew with the first bound")
    func reset() {
        var backoff = Backoff()
        for _ in 0..<5 { _ = backoff.nextDelay(random: 0.5) }
        backoff.reset()
        #expect(backoff.bound == .seconds(5))
    }

    @Test("no delay is ever outside 0…bound, whatever the random number", arguments: [-1, 2, .nan, .infinity, 0, 1])
    func oddRandomNumbers(random: Double) {
        var backoff = Backoff()
        for _ in 0..<10 {
            let bound = backoff.bound
            let delay = backoff.nextDelay(random: random)
            #expect(delay >= .zero && delay <= bound)
        }
    }

    @Test("bounds outside their ranges are moved into them, and never make a busy loop")
    func bounds() {
        var configuration = Backoff.Configuration()
        configuration.firstBound = .seconds(-3)
        configuration.maximumBound = .zero
        var backoff = Backoff(configuration: configuration)
        #expect(backoff.bound == .zero)
        _ = backoff.nextDelay(random: 1)
        #expect(backoff.bound == Backoff.smallestRepeatedBound)

        configuration.firstBound = .seconds(100)
        configuration.maximumBound = .seconds(10)
        #expect(Backoff(configuration: configuration).bound == .seconds(10))
    }
}

struct EndpointRotationTests {
    private let endpoints = (1...4).map { EtcdEndpoint(host: "h\($0)") }

    @Test("each endpoint is tried once a round, and a round tells when it begins")
    func rounds() throws {
        var rotation = try #require(EndpointRotation(endpoints))
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3 {
            let turns = (0..<4).map { _ in rotation.next(using: &generator) }
            #expect(Set(turns.map(\.endpoint)) == Set(endpoints))
            #expect(turns.map(\.beginsRound) == [true, false, false, false])
            #expect(rotation.isRoundOver)
        }
    }

    @Test("the order differs between rounds")
    func order() throws {
        var rotation = try #require(EndpointRotation(endpoints))
        var generator = SystemRandomNumberGenerator()
        // 24 orders: the chance that 40 rounds have the same one is 24⁻³⁹.
        let rounds = (0..<40).map { _ in (0..<4).map { _ in rotation.next(using: &generator).endpoint } }
        #expect(Set(rounds).count > 1)
    }

    @Test("an endpoint that worked ends the round")
    func endRound() throws {
        var rotation = try #require(EndpointRotation(endpoints))
        var generator = SystemRandomNumberGenerator()
        _ = rotation.next(using: &generator)
        rotation.endRound()
        #expect(rotation.next(using: &generator).beginsRound)
    }

    @Test("without endpoints there is no rotation")
    func none() {
        #expect(EndpointRotation([]) == nil)
    }
}
