/// A method of a service, by the path that names it on the wire, such as `/etcdserverpb.KV/Range`.
public struct RPCMethod: Hashable, Sendable, CustomStringConvertible {
    /// The path.
    public let path: String

    /// Names a method by its path.
    public init(path: String) {
        self.path = path
    }

    /// Names a method by its service, with package, and its own name.
    public init(service: String, method: String) {
        path = "/\(service)/\(method)"
    }

    public var description: String { path }
}
