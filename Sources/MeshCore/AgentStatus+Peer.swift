extension AgentStatus {
    /// How the mirror of one other cluster is doing.
    public struct Peer: Hashable, Sendable {
        /// The other cluster's name.
        public var cluster: String
        /// Its number; `nil` while it is not known.
        public var id: UInt32?
        /// What the mirror is doing, in one word.
        public var state: String
        /// For how long it has been doing so.
        public var since = Duration.zero
        /// Whether what the mirror holds is the other cluster's present state.
        public var isCurrent: Bool
        /// How long what it holds may have been out of date: zero while it is current, `nil` if it never was.
        public var staleness: Duration?

        /// Why the last connection ended; `nil` if there is nothing to tell.
        public var lastError: String?
        /// In how much time the next connection is tried; `nil` if none waits.
        public var nextAttempt: Duration?
        /// How many connections failed.
        public var failures: Int64 = 0
        /// How long ago the last one failed; `nil` if none did.
        public var lastFailure: Duration?
        /// How many connections were tried.
        public var connections: Int64 = 0
        /// How often the other cluster became synchronised on a new connection.
        public var synchronisations: Int64 = 0
        /// The endpoint that is connected, or was tried last; empty before the first.
        public var endpoint = ""
        /// The endpoints that there are.
        public var endpoints: [Endpoint] = []

        /// The store behind the endpoint, by the `cluster_id` of its headers; 0 before the first answer.
        public var storeID: UInt64 = 0
        /// Up to which revision the other cluster's changes are applied.
        public var revision: Revision
        /// The greatest revision that the other cluster told of.
        public var storeRevision = Revision.none
        /// For how long that one has been ahead of what is applied.
        public var lag = Duration.zero
        /// How long ago the other cluster last said that its writer is alive; `nil` if that was not heard yet.
        public var heartbeatAge: Duration?

        /// What is held, by kind.
        public var kinds: [Kind] = []
        /// The records that are held although the other cluster replaced them by something that was refused.
        public var outdated: Int64 = 0
        /// What was refused.
        public var rejections = Rejections()
        /// How much of its bounds it uses.
        public var budget = Budget()
        /// How often everything was listed again after the first time, by cause, in the causes' order.
        public var resyncs: [Resync] = []
        /// How often services were withdrawn because the other cluster was away for too long.
        public var serviceExpirations: Int64 = 0
        /// For how long, in all, reading was held back for being faster than the mirror's rate.
        public var throttled = Duration.zero

        /// When the other cluster's certificate ends, in seconds since 1970; `nil` if that is not known.
        public var serverCertificateExpiry: Int64?
        /// When the certificate ends that is shown to it.
        public var clientCertificateExpiry: Int64?
        /// What the other cluster says of itself; `nil` before it did.
        public var config: Config?
        /// What the other cluster does that is not supported here, in words.
        public var unsupported: [String] = []

        /// Makes the status of a mirror.
        public init(
            cluster: String,
            state: String,
            isCurrent: Bool,
            revision: Revision = .none,
            lastError: String? = nil
        ) {
            self.cluster = cluster
            self.state = state
            self.isCurrent = isCurrent
            self.revision = revision
            self.lastError = lastError
        }

        /// By how many revisions the mirror is known to be behind.
        public var lagRevisions: Int64 { max(0, storeRevision.rawValue - revision.rawValue) }

        /// The records of a kind that are held; 0 for a kind that is not there.
        public func count(of kind: String) -> Int64 { kinds.first { $0.name == kind }?.count ?? 0 }
    }
}

extension AgentStatus.Peer {
    /// One of the other cluster's endpoints.
    public struct Endpoint: Hashable, Sendable {
        /// Its URL.
        public var url: String
        /// How often it was tried.
        public var attempts: Int64
        /// How long ago it was tried last; `nil` if it never was.
        public var lastAttempt: Duration?
        /// Why it could not be used the last time; `nil` if there is nothing to tell.
        public var lastError: String?

        /// Makes the status of an endpoint.
        public init(url: String, attempts: Int64 = 0, lastAttempt: Duration? = nil, lastError: String? = nil) {
            self.url = url
            self.attempts = attempts
            self.lastAttempt = lastAttempt
            self.lastError = lastError
        }
    }

    /// What is held of one kind of record.
    public struct Kind: Hashable, Sendable {
        /// The kind, such as `node`.
        public var name: String
        /// Whether this kind is read from the other cluster at present.
        public var isFollowed: Bool
        /// Whether the other cluster has yet to say, by a canary, that it has written all of the kind.
        public var isAwaitingCanary: Bool
        /// Whether all of the kind is known, on this connection.
        public var isSynced: Bool
        /// How many records are held.
        public var count: Int64

        /// Makes the status of a kind.
        public init(
            name: String, isFollowed: Bool = false, isAwaitingCanary: Bool = false, isSynced: Bool = false,
            count: Int64 = 0
        ) {
            self.name = name
            self.isFollowed = isFollowed
            self.isAwaitingCanary = isAwaitingCanary
            self.isSynced = isSynced
            self.count = count
        }
    }

    /// Pairs that were refused as records.
    public struct Rejections: Hashable, Sendable {
        /// The most examples that are told.
        public static let maximumExamples = 4

        /// One of them.
        public struct Example: Hashable, Sendable {
            /// The pair's key.
            public var key: String
            /// The revision that wrote it.
            public var revision: Revision
            /// Why it was refused.
            public var reason: String

            /// Makes an example.
            public init(key: String, revision: Revision = .none, reason: String) {
                self.key = key
                self.revision = revision
                self.reason = reason
            }
        }

        /// How many there were since the mirror was made.
        public var total: Int64
        /// How many keys have a refused value now.
        public var current: Int64
        /// The latest of them, the newest last.
        public var examples: [Example]

        /// Makes a summary; without further words, there are none.
        public init(total: Int64 = 0, current: Int64 = 0, examples: [Example] = []) {
            self.total = total
            self.current = current
            self.examples = examples
        }
    }

    /// How much of a mirror's bounds is used.
    public struct Budget: Hashable, Sendable {
        /// The keys that are held.
        public var keys: Int64
        /// The most that may be.
        public var maximumKeys: Int64
        /// The bytes of their encoded pairs.
        public var bytes: Int64
        /// The most that may be.
        public var maximumBytes: Int64
        /// How often a key or a change was refused for them.
        public var refusals: Int64

        /// Makes a summary; without further words, of nothing.
        public init(
            keys: Int64 = 0, maximumKeys: Int64 = 0, bytes: Int64 = 0, maximumBytes: Int64 = 0, refusals: Int64 = 0
        ) {
            self.keys = keys
            self.maximumKeys = maximumKeys
            self.bytes = bytes
            self.maximumBytes = maximumBytes
            self.refusals = refusals
        }
    }

    /// How often everything was listed again for one cause.
    public struct Resync: Hashable, Sendable {
        /// The cause, in one word.
        public var cause: String
        /// How often.
        public var count: Int64

        /// Makes a count.
        public init(cause: String, count: Int64) {
            self.cause = cause
            self.count = count
        }
    }

    /// What the other cluster says of itself in its cluster config.
    public struct Config: Hashable, Sendable {
        /// Its number; 0 if it says none.
        public var id: UInt32
        /// Whether what its endpoint shows is a copy of it.
        public var isCached: Bool
        /// Whether it writes canaries.
        public var hasCanaries: Bool
        /// How many clusters its mesh can have; 0 if it does not say.
        public var maximumClusters: UInt32
        /// Whether it exports services; `nil` if it does not say.
        public var exportsServices: Bool?
        /// How it exports endpoint slices; empty if it does not say.
        public var endpointSlices: String

        /// Makes a config.
        public init(
            id: UInt32 = 0, isCached: Bool = false, hasCanaries: Bool = false, maximumClusters: UInt32 = 0,
            exportsServices: Bool? = nil, endpointSlices: String = ""
        ) {
            self.id = id
            self.isCached = isCached
            self.hasCanaries = hasCanaries
            self.maximumClusters = maximumClusters
            self.exportsServices = exportsServices
            self.endpointSlices = endpointSlices
        }
    }
}
