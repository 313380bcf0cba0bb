import BenchmarkTargets
import Testing

/// What is measured does what its figures are taken for.
@Suite struct BenchmarkTargetsTests {
    @Test func aRoundSendsEachWatchAMessageUntilTheSegmentsAreUsedUp() throws {
        let rounds = try SessionRounds(watches: 50, rounds: 3)
        #expect(rounds.round() == 50)
        #expect(rounds.round() == 50)
        #expect(rounds.round() == 50)
        #expect(rounds.round() == 0)
    }

    @Test func aSegmentHasAllEventsAndIsEncodedOnceForAllWatches() throws {
        let work = try SegmentWork(events: 100)
        #expect(work.encode() == 100)
        #expect(work.share(among: 20) == 1)
    }

    @Test func aReplicaTakesOneRevisionForEachEvent() throws {
        let work = ReplicaWork(keys: 30)
        #expect(try work.append() == 31)
        #expect(throws: (any Error).self) { try work.append() }
    }

    @Test func eachKeyHasOneSubscription() {
        #expect(SubscriptionWork(keys: 200, ranges: 10).match() == 200)
    }

    @Test(arguments: [PipelineWork.Sample.ips, .nodes]) func aPipelineLeadsEveryRecordIntoTheViews(
        _ sample: PipelineWork.Sample
    ) throws {
        let work = try PipelineWork(sample, records: 600)
        #expect(try work.run() == 600)
        #expect(work.payloadBytes > 600 * 100)
        var readings = [1_000, 51_000]
        #expect(try work.run { readings.removeFirst() } == 50_000)
    }
}
