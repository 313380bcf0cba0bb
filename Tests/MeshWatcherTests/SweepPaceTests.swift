import MeshWatcher
import Testing

@Suite struct SweepPaceTests {
    /// How long after the beginning of a sweep the next one may begin.
    private func pause(
        streams: Int,
        watches: Int? = nil,
        pace limit: Duration = .milliseconds(8),
        maximum: Duration = .milliseconds(32)
    ) -> Duration {
        var pace = SweepPace()
        pace.swept(at: .seconds(1), streams: streams, watches: watches ?? streams, pace: limit, maximum: maximum)
        return pace.earliest - .seconds(1)
    }

    @Test func whatWasNeverSweptGoesAtOnce() {
        #expect(SweepPace().earliest == .zero)
    }

    @Test func theMoreStreamsTheLongerUpToThePaceOfTheLimits() {
        #expect(pause(streams: 0) == .microseconds(500))
        #expect(pause(streams: 1) == .microseconds(500))
        #expect(pause(streams: 10) == .microseconds(800))
        #expect(pause(streams: 100) == .milliseconds(8))
        #expect(pause(streams: 200) == .milliseconds(8))
    }

    @Test func veryManyStreamsHaveALongerPaceUpToTheMaximum() {
        #expect(pause(streams: 500) == .milliseconds(16))
        #expect(pause(streams: 1_000) == .milliseconds(32))
        #expect(pause(streams: 10_000) == .milliseconds(32))
        #expect(pause(streams: .max) == .milliseconds(32))
    }

    @Test func theWatchesOfOneStreamCountForATenth() {
        #expect(pause(streams: 1, watches: 101) == .microseconds(780))
        #expect(pause(streams: 1, watches: 1_001) == .microseconds(7_080))
        #expect(pause(streams: 1, watches: .max) == .milliseconds(8))
        #expect(pause(streams: 10, watches: 0) == pause(streams: 10), "groups that have ended meanwhile")
    }

    @Test func theMaximumBoundsThePaceToo() {
        #expect(pause(streams: 100, maximum: .milliseconds(2)) == .milliseconds(2))
        #expect(pause(streams: 100, maximum: .zero) == .zero)
    }

    @Test func aPaceOfZeroTurnsItOff() {
        #expect(pause(streams: 1_000, pace: .zero) == .zero)
    }

    @Test func aShorterPaceThanTheShortestIsKept() {
        #expect(pause(streams: 1, pace: .microseconds(100)) == .microseconds(100))
    }

    @Test func onlyTheLastSweepCounts() {
        var pace = SweepPace()
        pace.swept(at: .zero, streams: 100, watches: 100, pace: .seconds(1), maximum: .seconds(1))
        #expect(pace.earliest == .milliseconds(8))
        pace.swept(at: .milliseconds(40), streams: 1, watches: 1, pace: .seconds(1), maximum: .seconds(1))
        #expect(pace.earliest == .milliseconds(40) + .microseconds(500))
    }
}
