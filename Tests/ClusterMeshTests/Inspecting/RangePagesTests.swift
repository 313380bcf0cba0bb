import MeshCore
import Testing

@testable import ClusterMesh

@Suite struct RangePagesTests {
    private func pair(_ number: Int) -> KeyValue {
        KeyValue(key: Key("k/\(1000 + number)"), modRevision: 2, value: [])
    }

    /// A store of `count` keys at revision 9, which answers as etcd does, and refuses more than `most` pairs at once.
    private func read(
        _ request: RangeRequest, count: Int, most: Int = .max
    ) -> (keys: [Key], requests: [RangeRequest], pages: RangePages, isRead: Bool) {
        var pages = RangePages(request)
        var keys: [Key] = []
        var requests: [RangeRequest] = []
        while let next = pages.next, requests.count < 10_000 {
            requests.append(next)
            let all = (0..<count).map(pair).filter { next.range.contains($0.key) }
            let page = next.countOnly ? [] : Array(next.limit > 0 ? all.prefix(Int(next.limit)) : all[...])
            guard page.count <= most else {
                guard pages.wasTooLarge() else { return (keys, requests, pages, false) }
                continue
            }
            keys += page.map(\.key)
            pages.received(
                RangeAnswer(
                    pairs: page, more: !next.countOnly && page.count < all.count, count: Int64(all.count), revision: 9))
        }
        return (keys, requests, pages, true)
    }

    @Test func allPagesAreOfTheRevisionOfTheFirst() {
        let result = read(RangeRequest(.prefix("k/")), count: 2500)
        #expect(result.keys == (0..<2500).map { pair($0).key })
        #expect(result.requests.map(\.revision) == [.none, 9, 9])
        #expect(result.requests.map(\.limit) == [1000, 1000, 1000])
        #expect(result.pages.count == 2500)
        #expect(result.pages.pairs == 2500)
        #expect(result.pages.revision == 9)
    }

    @Test func anAskedRevisionIsKept() {
        var request = RangeRequest(.prefix("k/"))
        request.revision = 5
        let result = read(request, count: 1001)
        #expect(result.requests.map(\.revision) == [5, 5])
        #expect(result.pages.revision == 5)
    }

    @Test(arguments: [(1, [1]), (1000, [1000]), (1001, [1000, 1]), (4000, [1000, 1000, 1000])])
    func theLimitHoldsOverAllPages(limit: Int, pages: [Int64]) {
        var request = RangeRequest(.prefix("k/"))
        request.limit = Int64(limit)
        let result = read(request, count: 2500)
        #expect(result.requests.map(\.limit) == pages)
        #expect(result.pages.pairs == Int64(min(limit, 2500)))
        #expect(result.pages.count == 2500, "the number of keys is that of the whole range")
    }

    @Test func aSingleKeyIsOneRequest() {
        let result = read(RangeRequest(.key("k/1003")), count: 10)
        #expect(result.keys == ["k/1003"])
        #expect(result.requests.count == 1)
        #expect(read(RangeRequest(.key("none")), count: 10).requests.count == 1)
    }

    @Test func aCountIsOneRequestWithoutALimit() {
        var request = RangeRequest(.prefix("k/"))
        request.countOnly = true
        let result = read(request, count: 2500)
        #expect(result.requests == [request])
        #expect(result.pages.count == 2500)
    }

    @Test func aPageThatIsTooLargeIsAskedForInHalves() {
        let result = read(RangeRequest(.prefix("k/")), count: 900, most: 300)
        #expect(result.isRead)
        #expect(result.keys == (0..<900).map { pair($0).key })
        #expect(result.requests.map(\.limit).prefix(3) == [1000, 500, 250])
    }

    @Test func aPairThatIsTooLargeByItselfIsGivenUp() {
        let result = read(RangeRequest(.prefix("k/")), count: 5, most: 0)
        #expect(!result.isRead)
        #expect(result.requests.last?.limit == 1)
    }

    @Test func aServerThatPromisesMoreAndGivesNothingEndsIt() {
        var pages = RangePages(RangeRequest(.all))
        pages.received(RangeAnswer(pairs: [], more: true, count: 7, revision: 3))
        #expect(pages.next == nil)
    }
}
