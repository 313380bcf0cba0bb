internal import MeshCore
internal import MeshWatcher

/// What one peer may write: judges each request as a whole, before anything of it is done.
///
/// The rules are etcd's for a user with permissions: a write needs its key among the writable ones, a deletion its whole
/// range, what is read besides (a comparison, a range or a previous pair in a transaction) needs to be readable, and a
/// transaction needs all of that for both of its branches.
struct WriteAdmission: Hashable, Sendable {
    /// The cluster, for refusals.
    var cluster: ClusterName
    /// Whether the peer is a writer at all.
    var isWriter: Bool
    /// The keys that it may write.
    var writable: KeyRangeSet
    /// The keys that it may read.
    var readable: KeyRangeSet

    /// Refuses who may change nothing at all; to be asked before a request is looked at.
    func checkWriter() throws(EtcdError) {
        guard isWriter else {
            throw Self.denied("this certificate may not write in cluster \(cluster); name it among the writers")
        }
    }

    /// Judges a write of one pair.
    func check(_ request: PutRequest) throws(EtcdError) {
        try checkWriter()
        guard !request.key.isEmpty else { throw .emptyKey }
        try checkWrite(.key(request.key))
        // Keeping the value or the lease reads nothing out to the caller.
        if request.previousPair { try checkRead(.key(request.key)) }
    }

    /// Judges a deletion.
    func check(_ request: DeleteRequest) throws(EtcdError) {
        try checkWriter()
        guard !request.range.lower.isEmpty else { throw .emptyKey }
        try checkWrite(request.range)
        if request.previousPairs { try checkRead(request.range) }
    }

    /// Judges a transaction, and those inside it.
    func check(_ request: TransactionRequest) throws(EtcdError) {
        try checkWriter()
        for compare in request.compares {
            guard !compare.range.lower.isEmpty else { throw .emptyKey }
            try checkRead(compare.range)
        }
        for operation in request.success + request.failure {
            switch operation {
            case .range(let range):
                guard !range.range.lower.isEmpty else { throw .emptyKey }
                try checkRead(range.range)
            case .put(let put): try check(put)
            case .delete(let delete): try check(delete)
            case .transaction(let nested): try check(nested)
            }
        }
    }

    /// Judges the end of a lease, which deletes `keys`.
    func checkRevocation(deleting keys: [Key]) throws(EtcdError) {
        try checkWriter()
        for key in keys { try checkWrite(.key(key)) }
    }

    private func checkWrite(_ range: KeyRange) throws(EtcdError) {
        guard !writable.contains(range) else { return }
        throw Self.denied("\(range) is not among the keys that may be written in cluster \(cluster)")
    }

    private func checkRead(_ range: KeyRange) throws(EtcdError) {
        guard readable.contains(range) else { throw .permissionDenied }
    }

    private static func denied(_ why: String) -> EtcdError {
        EtcdError(.permissionDenied, "\(EtcdError.permissionDenied.message): \(why)")
    }
}
