internal import Logging
internal import MeshCore
internal import MeshRPC
internal import MeshTLS

extension RPCChannelConfiguration {
    /// A channel to a server of a benchmark: takes messages of any size, and is never pinged for being quiet.
    static func benchmark(_ endpoint: Endpoint, _ credentials: TLSCredentials) -> RPCChannelConfiguration {
        var configuration = RPCChannelConfiguration(
            host: Endpoint.host, port: endpoint.port, credentials: credentials, verifier: .mesh()
        )
        configuration.maximumResponseBytes = 1 << 30
        configuration.keepaliveTime = .seconds(3600)
        configuration.connectTimeout = .seconds(60)
        return configuration
    }
}

extension Logger {
    /// A logger that says only what goes wrong.
    static var quiet: Logger {
        var logger = Logger(label: "mesh-bench")
        logger.logLevel = .error
        return logger
    }
}
