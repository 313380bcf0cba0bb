internal import MeshCore
internal import MeshReplica
internal import MeshTLS
internal import MeshWatcher

extension MeshConfiguration {
    /// The agent of a served cluster, with the credentials that its files hold.
    ///
    /// - Parameter followed: What is shown to the etcd that is followed; `nil` where none is.
    init(serving configuration: ServeConfiguration, credentials: TLSCredentials, followed: TLSCredentials?) {
        self.init(
            name: configuration.name, id: configuration.id, credentials: credentials, idSpace: configuration.idSpace)
        host = configuration.host
        port = configuration.port
        advertisedURLs = configuration.advertised
        additionalRoles = configuration.readers
        peersDirectory = configuration.peers
        if case .tcp(let host, let port) = configuration.cacheListen {
            var republishing = RepublishingConfiguration()
            republishing.host = host
            republishing.port = port
            self.republishing = republishing
        }
        if let endpoints = configuration.followed?.endpoints, let followed {
            source = .follow(ReplicaConfiguration(endpoints: endpoints, credentials: followed, verifier: .mesh()))
        }
        if let address = configuration.localListen {
            var local = LocalListenerConfiguration(address: address)
            local.writers = configuration.writers
            local.allowsCacheWrites = configuration.allowsCacheWrites
            self.local = local
        }
    }
}
