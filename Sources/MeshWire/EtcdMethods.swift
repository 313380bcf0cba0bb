/// A method of etcd's API.
public struct EtcdMethodDescription: Hashable, Sendable {
    /// What a call asks of the server.
    public enum Effect: Hashable, Sendable {
        /// It only reads keys, or tells about the server.
        case reads
        /// It can change what the store holds, who its members are, or who may do what.
        case changes
        /// It changes nothing that is stored, but is an operator's business: copying or rewriting the whole database,
        /// or reading users and roles.
        case administers
        /// It reads or changes, as a field of its request says.
        case dependsOnRequest
    }

    /// Which sides send a stream of messages.
    public enum Streaming: Hashable, Sendable {
        case none
        case answers
        case both
    }

    /// The service's short name, for example `KV`.
    public var service: String
    /// The method's name, for example `Range`.
    public var name: String
    /// Which sides stream.
    public var streaming: Streaming
    /// What a call asks of the server.
    public var effect: Effect

    /// The path that gRPC calls it by, for example `/etcdserverpb.KV/Range`.
    public var path: String { "/etcdserverpb.\(service)/\(name)" }

    /// Whether a call can change the state of the cluster.
    public var changesState: Bool { effect == .changes || effect == .dependsOnRequest }
}

/// The methods of etcd's API, those of its current main branch included.
public enum EtcdMethods {
    public static let range = "/etcdserverpb.KV/Range"
    public static let put = "/etcdserverpb.KV/Put"
    public static let deleteRange = "/etcdserverpb.KV/DeleteRange"
    public static let transaction = "/etcdserverpb.KV/Txn"
    public static let compact = "/etcdserverpb.KV/Compact"
    public static let watch = "/etcdserverpb.Watch/Watch"
    public static let rangeStream = "/etcdserverpb.KV/RangeStream"
    public static let leaseGrant = "/etcdserverpb.Lease/LeaseGrant"
    public static let leaseRevoke = "/etcdserverpb.Lease/LeaseRevoke"
    public static let leaseKeepAlive = "/etcdserverpb.Lease/LeaseKeepAlive"
    public static let alarm = "/etcdserverpb.Maintenance/Alarm"
    public static let status = "/etcdserverpb.Maintenance/Status"
    public static let hash = "/etcdserverpb.Maintenance/Hash"
    public static let hashKV = "/etcdserverpb.Maintenance/HashKV"
    public static let memberList = "/etcdserverpb.Cluster/MemberList"
    public static let leaseTimeToLive = "/etcdserverpb.Lease/LeaseTimeToLive"
    public static let leaseLeases = "/etcdserverpb.Lease/LeaseLeases"
    public static let authStatus = "/etcdserverpb.Auth/AuthStatus"
    public static let authenticate = "/etcdserverpb.Auth/Authenticate"

    /// Every method.
    public static let all: [EtcdMethodDescription] = [
        method("KV", "Range", .reads),
        method("KV", "RangeStream", .reads, .answers),
        method("KV", "Put", .changes),
        method("KV", "DeleteRange", .changes),
        method("KV", "Txn", .changes),
        method("KV", "Compact", .changes),

        method("Watch", "Watch", .reads, .both),

        method("Lease", "LeaseGrant", .changes),
        method("Lease", "LeaseRevoke", .changes),
        method("Lease", "LeaseKeepAlive", .changes, .both),
        method("Lease", "LeaseTimeToLive", .reads),
        method("Lease", "LeaseLeases", .reads),

        method("Cluster", "MemberAdd", .changes),
        method("Cluster", "MemberRemove", .changes),
        method("Cluster", "MemberUpdate", .changes),
        method("Cluster", "MemberList", .reads),
        method("Cluster", "MemberPromote", .changes),

        method("Maintenance", "Alarm", .dependsOnRequest),
        method("Maintenance", "Status", .reads),
        method("Maintenance", "Defragment", .administers),
        method("Maintenance", "Hash", .reads),
        method("Maintenance", "HashKV", .reads),
        method("Maintenance", "Snapshot", .administers, .answers),
        method("Maintenance", "MoveLeader", .changes),
        method("Maintenance", "Downgrade", .changes),

        method("Auth", "AuthEnable", .changes),
        method("Auth", "AuthDisable", .changes),
        method("Auth", "AuthStatus", .reads),
        method("Auth", "Authenticate", .reads),
        method("Auth", "UserAdd", .changes),
        method("Auth", "UserGet", .administers),
        method("Auth", "UserList", .administers),
        method("Auth", "UserDelete", .changes),
        method("Auth", "UserChangePassword", .changes),
        method("Auth", "UserGrantRole", .changes),
        method("Auth", "UserRevokeRole", .changes),
        method("Auth", "RoleAdd", .changes),
        method("Auth", "RoleGet", .administers),
        method("Auth", "RoleList", .administers),
        method("Auth", "RoleDelete", .changes),
        method("Auth", "RoleGrantPermission", .changes),
        method("Auth", "RoleRevokePermission", .changes),
    ]

    private static func method(
        _ service: String,
        _ name: String,
        _ effect: EtcdMethodDescription.Effect,
        _ streaming: EtcdMethodDescription.Streaming = .none
    ) -> EtcdMethodDescription {
        EtcdMethodDescription(service: service, name: name, streaming: streaming, effect: effect)
    }
}
