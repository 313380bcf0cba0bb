import MeshWatcher
import Testing

@Suite struct SweepPaceTests {
    /// When a subscription may be swept again that was swept from 1 s on.
    private func pause(
        streams: Int,
        took: Duration = .zero,
        pace limit: Duration = .milliseconds(8),
        maximum: Duration = .milliseconds(32)
    ) -> Duration {
        var pace = SweepPace()
        pace.swept(from: .seconds(1), to: .seconds(1) + took, streams: streams, pace: limit, maximum: maximum)
        return pace.earliest - .seconds(1)
    }

    @Test func whatWasNeverSweptGoesAtOnce() {
        #expect(SweepPace().earliest == .zero)
    }

    @Test func theMoreStreamsTheLongerUpToThePaceOfTheLimits() {
        #expect(pause(streams: 0) == .zero)
        #expect(pause(streams: 1) == .microseconds(80))
        #expect(pause(streams: 10) == .microseconds(800))
        #expect(pause(streams: 100) == .milliseconds(8))
        #expect(pause(streams: 1_000) == .milliseconds(8))
        #expect(pause(streams: .max) == .milliseconds(8))
    }

    @Test func aLongSweepLeavesTimeForOthersUpToTheMaximum() {
        #expect(pause(streams: 1, took: .milliseconds(1)) == .microseconds(1_600))
        #expect(pause(streams: 1_000, took: .milliseconds(10)) == .milliseconds(16))
        #expect(pause(streams: 1_000, took: .milliseconds(21)) == .milliseconds(32))
        #expect(pause(streams: 1_000, took: .seconds(5)) == .milliseconds(32))
    }

    @Test func itCountsFromTheBeginningOfTheSweep() {
        var pace = SweepPace()
        pace.swept(from: .seconds(1), to: .seconds(2), streams: 1, pace: .milliseconds(8), maximum: .milliseconds(32))
        // Which has passed when the sweep ends: the next one follows at once.
        #expect(pace.earliest < .seconds(2))
    }

    @Test func theMaximumBoundsThePaceToo() {
        #expect(pause(streams: 100, maximum: .milliseconds(2)) == .milliseconds(2))
        #expect(pause(streams: 100, took: .seconds(1), maximum: .zero) == .zero)
    }

    @Test func aPaceOfZeroTurnsItOff() {
        #expect(pause(streams: 100, took: .milliseconds(20), pace: .zero) == .zero)
    }

    @Test func onlyTheLastSweepCounts() {
        var pace = SweepPace()
        pace.swept(from: .zero, to: .milliseconds(20), streams: 9, pace: .seconds(1), maximum: .seconds(1))
        #expect(pace.earliest == .milliseconds(32))
        pace.swept(from: .milliseconds(40), to: .milliseconds(40), streams: 1, pace: .seconds(1), maximum: .seconds(1))
        #expect(pace.earliest == .milliseconds(40) + .microseconds(80))
    }
}
