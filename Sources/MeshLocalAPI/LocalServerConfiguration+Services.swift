internal import MeshCore
internal import MeshRPC
internal import MeshWatcher

extension LocalServerConfiguration {
    /// Who may read which keys, to begin with.
    var access: AccessPolicy { Self.access(writing: writing, readers: readers) }

    /// What is answered to calls for which there is nothing here: the store is one member without users.
    var refusal: EtcdError {
        EtcdError(
            .permissionDenied,
            "\(EtcdError.permissionDenied.message): cluster \(cluster) has one store and no users to administer here"
        )
    }

    /// What the services that read are told.
    var reading: ReadServicesConfiguration {
        var reading = ReadServicesConfiguration(memberName: cluster.description, access: access)
        reading.limits = limits
        reading.progressInterval = progressInterval
        reading.refusal = refusal
        reading.metricsLabel = "local"
        return reading
    }

    /// What the transport is told.
    var rpc: RPCServerConfiguration {
        var rpc = RPCServerConfiguration(credentials: credentials, verifier: verifier)
        switch address {
        case .tcp(let host, let port):
            rpc.host = host
            rpc.port = port
        case .unix(let path):
            rpc.unixPath = path
        }
        limits.apply(to: &rpc)
        rpc.maximumRequestBytes += Self.requestOverheadBytes
        return rpc
    }
}
