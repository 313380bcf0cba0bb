internal import MeshCore
internal import MeshWire

/// What a server says of itself where etcd tells of a cluster's members: it is the only one.
final class ServedMember: Sendable {
    private let name: String
    private let clientURLs = Locked<[String]>([])

    init(name: String) {
        self.name = name
    }

    /// Says where clients reach the server.
    func advertise(_ urls: [String]) {
        clientURLs.withLock { $0 = urls }
    }

    /// The member as the list of members tells it. It has no peers, and so no URL for them.
    func description(id: UInt64) -> ClusterMember {
        ClusterMember(id: id, name: name, clientURLs: clientURLs.withLock { $0 })
    }
}
