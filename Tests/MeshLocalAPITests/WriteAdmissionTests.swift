import MeshCore
import MeshWatcher
import Testing

@testable import MeshLocalAPI

@Suite struct WriteAdmissionTests {
    /// A writer of `w…`, who may read `w…` and `r…`.
    private let admission: WriteAdmission
    private let stranger: WriteAdmission

    init() throws {
        let cluster = try ClusterName("athens")
        let writable = KeyRangeSet([.prefix("w")])
        let readable = KeyRangeSet([.prefix("w"), .prefix("r")])
        admission = WriteAdmission(cluster: cluster, isWriter: true, writable: writable, readable: readable)
        stranger = WriteAdmission(cluster: cluster, isWriter: false, writable: writable, readable: readable)
    }

    private func put(_ key: Key, previous: Bool = false) -> PutRequest {
        var request = PutRequest(key, [1])
        request.previousPair = previous
        return request
    }

    private func delete(_ range: KeyRange, previous: Bool = false) -> DeleteRequest {
        var request = DeleteRequest(range)
        request.previousPairs = previous
        return request
    }

    private func refusal(_ check: () throws(EtcdError) -> Void) -> EtcdError? {
        do {
            try check()
            return nil
        } catch {
            return error
        }
    }

    private func refusal(_ request: TransactionRequest) -> EtcdError? {
        refusal { () throws(EtcdError) in try admission.check(request) }
    }

    /// A refusal that names what was refused, behind etcd's text.
    private func expectDenied(
        _ error: EtcdError?, naming text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(error?.code == .permissionDenied, sourceLocation: sourceLocation)
        #expect(
            error?.message.hasPrefix("etcdserver: permission denied: ") == true, sourceLocation: sourceLocation
        )
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "allowed")", sourceLocation: sourceLocation)
    }

    @Test func aWriteNeedsItsKeyAmongTheWritable() {
        #expect(refusal { () throws(EtcdError) in try admission.check(put("w/1")) } == nil)
        expectDenied(refusal { () throws(EtcdError) in try admission.check(put("r/1")) }, naming: "r/1")
        expectDenied(refusal { () throws(EtcdError) in try admission.check(put("x")) }, naming: "athens")
    }

    @Test func aDeletionNeedsItsWholeRange() {
        for range: KeyRange in [.key("w"), .prefix("w/"), .interval("w", "x")] {
            #expect(refusal { () throws(EtcdError) in try admission.check(delete(range)) } == nil, "\(range)")
        }
        for range: KeyRange in [.all, .from("w"), .interval("w", "x0"), .prefix("r"), .interval("v", "w1")] {
            let error = refusal { () throws(EtcdError) in try admission.check(delete(range)) }
            expectDenied(error, naming: "\(range)")
        }
    }

    @Test func previousPairsNeedToBeReadable() {
        var blind = admission
        blind.readable = KeyRangeSet([.prefix("r")])
        #expect(refusal { () throws(EtcdError) in try blind.check(put("w")) } == nil)
        #expect(refusal { () throws(EtcdError) in try blind.check(put("w", previous: true)) } == .permissionDenied)
        #expect(refusal { () throws(EtcdError) in try blind.check(delete(.key("w"))) } == nil)
        let deletion = delete(.key("w"), previous: true)
        #expect(refusal { () throws(EtcdError) in try blind.check(deletion) } == .permissionDenied)
        #expect(refusal { () throws(EtcdError) in try admission.check(put("w", previous: true)) } == nil)
    }

    @Test func aTransactionNeedsAllThatEitherBranchDoes() {
        let read = TransactionRequest.Operation.range(RangeRequest(.prefix("r")))
        #expect(
            refusal(TransactionRequest(success: [read, .put(put("w"))], failure: [.delete(delete(.key("w")))])) == nil)
        expectDenied(refusal(TransactionRequest(success: [.put(put("x"))])), naming: "x")
        expectDenied(refusal(TransactionRequest(success: [], failure: [.put(put("y"))])), naming: "y")
        expectDenied(refusal(TransactionRequest(success: [], failure: [.delete(delete(.all))])), naming: "")
        let unreadable = TransactionRequest.Operation.range(RangeRequest(.key("x")))
        #expect(refusal(TransactionRequest(success: [unreadable])) == .permissionDenied)
        #expect(refusal(TransactionRequest(success: [], failure: [unreadable])) == .permissionDenied)
    }

    @Test func aComparisonTellsOfAPairAndNeedsItReadable() {
        let allowed = Compare(.prefix("r"), .equal, .version(0))
        let refused = Compare(.key("x"), .equal, .value([]))
        #expect(refusal(TransactionRequest(compares: [allowed], success: [.put(put("w"))])) == nil)
        #expect(refusal(TransactionRequest(compares: [allowed, refused], success: [])) == .permissionDenied)
    }

    @Test func transactionsInTransactionsAreJudgedAlike() {
        func nested(_ operation: TransactionRequest.Operation, _ depth: Int) -> TransactionRequest {
            depth == 0
                ? TransactionRequest(success: [operation])
                : TransactionRequest(success: [], failure: [.transaction(nested(operation, depth - 1))])
        }
        for depth in [1, 5, 30] {
            #expect(refusal(nested(.put(put("w")), depth)) == nil)
            expectDenied(refusal(nested(.put(put("x")), depth)), naming: "x")
            #expect(refusal(nested(.range(RangeRequest(.all)), depth)) == .permissionDenied)
        }
    }

    @Test func aRevocationNeedsEveryKeyThatItDeletes() {
        #expect(refusal { () throws(EtcdError) in try admission.checkRevocation(deleting: []) } == nil)
        #expect(refusal { () throws(EtcdError) in try admission.checkRevocation(deleting: ["w/1", "w/2"]) } == nil)
        let error = refusal { () throws(EtcdError) in try admission.checkRevocation(deleting: ["w/1", "r/2"]) }
        expectDenied(error, naming: "r/2")
    }

    @Test func whoIsNoWriterMayChangeNothing() {
        let refusals = [
            refusal { () throws(EtcdError) in try stranger.checkWriter() },
            refusal { () throws(EtcdError) in try stranger.check(put("w")) },
            refusal { () throws(EtcdError) in try stranger.check(delete(.key("w"))) },
            refusal { () throws(EtcdError) in try stranger.check(TransactionRequest(success: [])) },
            refusal { () throws(EtcdError) in try stranger.checkRevocation(deleting: []) },
        ]
        for error in refusals { expectDenied(error, naming: "may not write in cluster athens") }
        #expect(refusal { () throws(EtcdError) in try admission.checkWriter() } == nil)
    }

    /// etcd looks at the key before it looks at permissions.
    @Test func anEmptyKeyIsRefusedForThat() {
        let noKey = KeyRange(key: [], rangeEnd: [])
        #expect(refusal { () throws(EtcdError) in try admission.check(put("")) } == .emptyKey)
        #expect(refusal { () throws(EtcdError) in try admission.check(delete(noKey)) } == .emptyKey)
        #expect(refusal(TransactionRequest(compares: [Compare(noKey, .equal, .version(0))], success: [])) == .emptyKey)
        #expect(refusal(TransactionRequest(success: [.range(RangeRequest(noKey))])) == .emptyKey)
        #expect(refusal(TransactionRequest(success: [.put(put(""))])) == .emptyKey)
    }
}
