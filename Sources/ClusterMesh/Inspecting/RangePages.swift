internal import MeshCore

/// Reads one range in pages, all of the revision of the first one: as a large answer would be, without its size.
///
/// A pure machine: ask ``next`` for the request to send, and tell it what came.
struct RangePages: Hashable, Sendable {
    /// The pairs that a page has at most, to begin with; of the largest values a page holds fewer.
    static let largestPage = 1000

    private let wanted: RangeRequest
    private var pageSize = Self.largestPage
    private var taken: Int64 = 0
    private var last: Key?
    private var isDone = false

    /// The revision that all pages are of; ``MeshCore/Revision/none`` before the first one, if none was asked for.
    private(set) var revision: Revision

    /// The keys of the range at that revision, whether they were asked for or not.
    private(set) var count: Int64 = 0

    /// Pages of what `request` asks for. Its order is left to the store, which is that of the keys.
    init(_ request: RangeRequest) {
        wanted = request
        revision = request.revision
    }

    /// How many pairs have come.
    var pairs: Int64 { taken }

    /// The request for the next page; `nil` after the last.
    var next: RangeRequest? {
        guard !isDone else { return nil }
        var request = wanted
        request.revision = revision
        guard !wanted.countOnly else { return request }
        if let last { request = request.behind(last) }
        let rest = wanted.limit > 0 ? wanted.limit - taken : .max
        request.limit = min(rest, Int64(pageSize))
        return request
    }

    /// A page came.
    mutating func received(_ answer: RangeAnswer) {
        if last == nil {
            count = answer.count
            if revision <= .none { revision = answer.revision }
        }
        taken += Int64(answer.pairs.count)
        if let pair = answer.pairs.last { last = pair.key }
        // A page without a pair cannot be gone on from, whatever it says.
        isDone = wanted.countOnly || !answer.more || answer.pairs.isEmpty || (wanted.limit > 0 && taken >= wanted.limit)
    }

    /// The page was larger than a message may be: asks for half as much.
    ///
    /// - Returns: Whether that is possible.
    mutating func wasTooLarge() -> Bool {
        guard pageSize > 1, !wanted.countOnly else { return false }
        pageSize /= 2
        return true
    }
}

extension RangeRequest {
    /// The same, without the keys up to `key`.
    fileprivate func behind(_ key: Key) -> RangeRequest {
        var request = self
        switch range.end {
        case .single: break
        case .before, .unbounded: request.range = KeyRange(from: key.successor, to: range.end)
        }
        return request
    }
}
