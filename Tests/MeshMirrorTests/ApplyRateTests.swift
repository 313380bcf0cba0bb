import MeshClient
import Testing

@testable import MeshMirror

struct ApplyRateTests {
    private let start = ContinuousClock.now

    private func rate(bootstrap: Int = 100_000, steady: Int = 1_000, allowance: Int = 50_000) -> ApplyRate {
        ApplyRate(ApplyRate.Limits(bootstrap: bootstrap, steady: steady, allowance: allowance))
    }

    private func pairs(_ count: Int) -> ReadAmount { ReadAmount(pairs: count, bytes: 0) }

    /// Reads messages one after another, pausing as told, until `end`; answers the units read.
    private func flood(
        _ rate: inout ApplyRate, _ amount: ReadAmount, isSynchronised: Bool, from start: ContinuousClock.Instant,
        for length: Duration
    ) -> Int {
        var (now, units) = (start, 0)
        while now < start + length {
            // Reading takes some time too.
            now += rate.read(amount, isSynchronised: isSynchronised, at: now) + .microseconds(10)
            units += ApplyRate.units(of: amount)
        }
        return units
    }

    @Test("a message counts its pairs or their KiB, whichever is more, and at least one")
    func units() {
        #expect(ApplyRate.units(of: ReadAmount(pairs: 0, bytes: 0)) == 1)
        #expect(ApplyRate.units(of: ReadAmount(pairs: 7, bytes: 2_000)) == 7)
        #expect(ApplyRate.units(of: ReadAmount(pairs: 1, bytes: 1_500_000)) == 1_464)
    }

    @Test("who sends less than the rate is never held back, however long")
    func slow() {
        var rate = rate()
        for second in 0..<1_000 {
            let now = start + .seconds(second)
            #expect(rate.read(pairs(900), isSynchronised: true, at: now) == .zero)
        }
    }

    @Test("a second's worth is taken at once after a quiet time, what follows waits")
    func tolerance() {
        var rate = rate()
        #expect(rate.read(pairs(1_000), isSynchronised: true, at: start) == .zero)
        #expect(rate.read(pairs(500), isSynchronised: true, at: start) == .milliseconds(500))
        #expect(rate.read(pairs(500), isSynchronised: true, at: start) == .seconds(1))
        // Ten seconds later all that is paid for.
        #expect(rate.read(pairs(1_000), isSynchronised: true, at: start + .seconds(10)) == .zero)
        #expect(rate.read(pairs(1), isSynchronised: true, at: start + .seconds(10)) == .milliseconds(1))
    }

    @Test(
        "a flood is taken at the steady rate, whether of small messages, large pairs or empty messages",
        arguments: [
            ReadAmount(pairs: 250, bytes: 75_000), ReadAmount(pairs: 1, bytes: 900_000), ReadAmount(pairs: 0, bytes: 0),
        ]
    )
    func flood(amount: ReadAmount) {
        var rate = rate()
        let units = flood(&rate, amount, isSynchronised: true, from: start, for: .seconds(100))
        // A hundred seconds' worth, and the one that is taken at once, and the message that goes beyond it.
        #expect((99_000...102_000 + ApplyRate.units(of: amount)).contains(units))
    }

    @Test("the first reading goes at the bootstrap rate")
    func bootstrap() {
        var rate = rate(bootstrap: 10_000, steady: 1_000, allowance: 1_000_000)
        let units = flood(&rate, pairs(100), isSynchronised: false, from: start, for: .seconds(10))
        #expect((109_000...111_000).contains(units))
    }

    @Test("a peer that is never synchronised is read fast for its allowance only, then at the steady rate")
    func endlessBootstrap() {
        var rate = rate()
        let fast = flood(&rate, pairs(100), isSynchronised: false, from: start, for: .milliseconds(10))
        #expect((50_000...51_100).contains(fast), "the allowance, and what the steady rate takes at once")
        let later = flood(&rate, pairs(100), isSynchronised: false, from: start + .seconds(100), for: .seconds(100))
        // What came back in the quiet time, and at most twice the steady rate while it is used as it comes back.
        #expect(later <= 50_000 + 2 * 101_000)
    }

    @Test("the allowance comes back at the steady rate, and never beyond what it was")
    func refill() {
        var rate = rate(bootstrap: 100_000, steady: 1_000, allowance: 10_000)
        #expect(rate.read(pairs(10_000), isSynchronised: false, at: start) == .zero)
        // Half of it is back after five seconds, by then in steps of any size.
        for tenth in 1...50 {
            _ = rate.read(pairs(1), isSynchronised: true, at: start + .milliseconds(100 * tenth))
        }
        #expect(rate.read(pairs(5_000), isSynchronised: false, at: start + .seconds(5)) == .zero)
        let without = rate.read(pairs(5_000), isSynchronised: false, at: start + .seconds(5))
        #expect(without > .seconds(3), "the allowance is used: the steady rate counts")

        _ = rate.read(pairs(10_000), isSynchronised: false, at: start + .seconds(1_000))
        let beyond = rate.read(pairs(3_000), isSynchronised: false, at: start + .seconds(1_000))
        #expect(beyond > .seconds(1), "no more came back than there was")
    }

    @Test("the defaults let a healthy peer's largest first reading through without a pause worth naming")
    func defaults() throws {
        var rate = try Self.configuration().applyRate
        var paused = Duration.zero
        for _ in 0..<2_000 { paused += rate.read(pairs(250), isSynchronised: false, at: start) }
        #expect(paused > .zero, "read at one moment, it is more than the rate")
        var spread = try Self.configuration().applyRate
        var now = start
        for _ in 0..<2_000 {
            // 200,000 a second is what one core decodes at best.
            now += .microseconds(1_250)
            #expect(spread.read(pairs(250), isSynchronised: false, at: now) == .zero)
        }
    }

    @Test("rates outside their bounds are refused by name", arguments: [0, 99, 10_000_001])
    func bounds(rate: Int) throws {
        var configuration = try Self.configuration()
        configuration.steadyRate = rate
        #expect(configuration.fault?.contains("steadyRate") == true)
        configuration = try Self.configuration()
        configuration.bootstrapRate = rate
        #expect(configuration.fault?.contains("bootstrapRate") == true)
    }

    private static func configuration() throws -> MirrorConfiguration {
        try TestPeer(Sample()).configuration()
    }
}
