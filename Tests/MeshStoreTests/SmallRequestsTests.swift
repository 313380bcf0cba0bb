import MeshCore
import Testing

@testable import MeshStore

@Suite struct SmallRequestsTests {
    private func range(_ range: KeyRange, _ change: (inout RangeRequest) -> Void = { _ in }) -> RangeRequest {
        var request = RangeRequest(range)
        change(&request)
        return request
    }

    @Test func aReadOfOneKeyIsSmallHoweverItIsAsked() {
        #expect(range(.key("a")).isSmall)
        #expect(range(.key("a")) { $0.revision = 7 }.isSmall)
        #expect(
            range(.key("a")) {
                $0.sortTarget = .value
                $0.sortOrder = .descending
            }.isSmall)
    }

    @Test func aReadOfARangeIsSmallWithALimitOrWhereItOnlyCounts() {
        let most = RangeRequest.mostSmallPairs
        #expect(!range(.prefix("a")).isSmall)
        #expect(range(.prefix("a")) { $0.limit = most }.isSmall)
        #expect(!range(.prefix("a")) { $0.limit = most + 1 }.isSmall)
        #expect(!range(.prefix("a")) { $0.limit = -1 }.isSmall)
        #expect(range(.all) { $0.countOnly = true }.isSmall)
    }

    @Test(
        arguments: [
            { $0.revision = 7 }, { $0.minimumModRevision = 7 }, { $0.maximumModRevision = 7 },
            { $0.minimumCreateRevision = 7 }, { $0.maximumCreateRevision = 7 },
            {
                $0.sortTarget = .version
                $0.sortOrder = .ascending
            },
        ] as [@Sendable (inout RangeRequest) -> Void])
    func aLimitDoesNotMakeSmallWhatMustLookAtAllKeys(change: @Sendable (inout RangeRequest) -> Void) {
        let limited = range(.prefix("a")) {
            $0.limit = 1
            change(&$0)
        }
        #expect(!limited.isSmall)
    }

    @Test func aCountOfAnOldRevisionIsNotSmall() {
        let count = range(.all) {
            $0.countOnly = true
            $0.revision = 7
        }
        #expect(!count.isSmall)
    }
}
