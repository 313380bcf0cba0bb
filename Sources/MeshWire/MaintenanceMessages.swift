/// How a member is, as `etcdserverpb.StatusResponse` tells it (the fields that etcd 3.4 and 3.5 have).
public struct MemberStatus: Hashable, Sendable {
    /// The version of etcd that the member behaves like, for example `3.5.21`.
    public var version: String
    /// How many bytes the database has.
    public var databaseSize: Int64
    /// How many of them are in use.
    public var databaseSizeInUse: Int64
    /// The member ID of the leader.
    public var leader: UInt64
    /// The index of the consensus' last entry.
    public var raftIndex: UInt64
    /// The term of the consensus.
    public var raftTerm: UInt64
    /// The index of the last entry that has been applied.
    public var raftAppliedIndex: UInt64
    /// What is wrong with the member.
    public var errors: [String]
    /// Whether the member has no vote yet.
    public var isLearner: Bool

    /// Makes a status.
    public init(
        version: String,
        databaseSize: Int64 = 0,
        databaseSizeInUse: Int64 = 0,
        leader: UInt64 = 0,
        raftIndex: UInt64 = 0,
        raftTerm: UInt64 = 0,
        raftAppliedIndex: UInt64 = 0,
        errors: [String] = [],
        isLearner: Bool = false
    ) {
        self.version = version
        self.databaseSize = databaseSize
        self.databaseSizeInUse = databaseSizeInUse
        self.leader = leader
        self.raftIndex = raftIndex
        self.raftTerm = raftTerm
        self.raftAppliedIndex = raftAppliedIndex
        self.errors = errors
        self.isLearner = isLearner
    }
}

/// A fault of a member that stops its writes until an operator has looked at it.
public struct Alarm: Hashable, Sendable {
    /// What kind of fault.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public var rawValue: Int32

        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// Any, in a request; no fault, in an answer.
        public static let none = Kind(rawValue: 0)
        /// The database is as large as it may become.
        public static let noSpace = Kind(rawValue: 1)
        /// The members do not have the same data.
        public static let corrupt = Kind(rawValue: 2)
    }

    /// The member that has the fault; in a request, 0 is any.
    public var memberID: UInt64
    /// The fault.
    public var kind: Kind

    /// Names a fault of a member.
    public init(memberID: UInt64 = 0, kind: Kind = .none) {
        self.memberID = memberID
        self.kind = kind
    }
}

/// `etcdserverpb.AlarmRequest`: asks which alarms there are, or changes them.
public struct AlarmRequest: Hashable, Sendable {
    /// What is asked.
    public struct Action: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public var rawValue: Int32

        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// Tells the alarms; the only one that changes nothing.
        public static let get = Action(rawValue: 0)
        /// Raises an alarm.
        public static let activate = Action(rawValue: 1)
        /// Ends an alarm.
        public static let deactivate = Action(rawValue: 2)
    }

    /// What is asked.
    public var action: Action
    /// For which alarm.
    public var alarm: Alarm

    /// Makes a request; without words, for all alarms.
    public init(_ action: Action = .get, _ alarm: Alarm = Alarm()) {
        self.action = action
        self.alarm = alarm
    }
}
