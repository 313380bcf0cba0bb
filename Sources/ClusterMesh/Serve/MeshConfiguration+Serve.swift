internal import MeshCore
internal import MeshWatcher

extension MeshConfiguration {
    /// The agent of a served cluster, with the credentials that its files hold.
    init(serving configuration: ServeConfiguration, credentials: TLSCredentials) {
        self.init(
            name: configuration.name, id: configuration.id, credentials: credentials, idSpace: configuration.idSpace)
        host = configuration.host
        port = configuration.port
        advertisedURLs = configuration.advertised
        additionalRoles = configuration.readers
        if let address = configuration.localListen {
            var local = LocalListenerConfiguration(address: address)
            local.writers = configuration.writers
            local.allowsCacheWrites = configuration.allowsCacheWrites
            self.local = local
        }
    }
}
