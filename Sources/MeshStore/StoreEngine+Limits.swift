internal import MeshCore

extension StoreEngine {
    /// The most bytes that a pair has beside key and value: tags, lengths, three numbers and the lease.
    private static let maximumPairOverhead = 64

    /// Refuses a write that is too large as etcd would write it to its log.
    ///
    /// - Parameter bytes: the size of the encoded request.
    func checkSize(_ bytes: Int) throws(EtcdError) {
        let logged = bytes + LoggedRequest.overhead(bytes)
        guard logged <= max(1, configuration.maximumRequestBytes) else { throw .requestTooLarge }
    }

    /// Refuses puts for which there may be no room. What the same transaction deletes before makes none.
    func checkRoom(for puts: some Collection<PutRequest>) throws(EtcdError) {
        let most = puts.reduce(0) { $0 + $1.key.bytes.count + $1.value.count + Self.maximumPairOverhead }
        let maximumKeys = max(0, configuration.maximumKeys)
        let maximumBytes = max(0, configuration.maximumBytes)
        if index.liveCount + puts.count <= maximumKeys, liveBytes + most <= maximumBytes { return }

        // Close to the bounds it matters which keys there are already.
        var keys = index.liveCount
        var bytes = liveBytes
        for put in puts {
            let live = self[put.key]
            let value = put.ignoreValue ? live?.value.count ?? 0 : put.value.count
            let size = put.key.bytes.count + value + Self.maximumPairOverhead
            bytes += max(0, size - (live?.encoded.count ?? 0))
            keys += live == nil ? 1 : 0
        }
        guard keys <= maximumKeys, bytes <= maximumBytes else { throw .noSpace }
    }
}
