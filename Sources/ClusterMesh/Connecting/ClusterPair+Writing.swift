extension ClusterPair {
    /// A peer file, and what became of it.
    public struct PeerFile: Hashable, Sendable {
        /// What became of a file.
        public enum Outcome: Hashable, Sendable {
            /// It was not there and is now.
            case written
            /// It said something else and was replaced.
            case replaced
            /// It said the same already.
            case unchanged
        }

        /// The file.
        public var path: String
        /// The cluster whose agent reads it.
        public var reader: String
        /// The cluster that it tells how to reach.
        public var peer: String
        /// What became of it.
        public var outcome: Outcome
    }

    /// The largest peer file that is looked at: 64 KiB.
    static let maximumPeerFileBytes = 64 << 10

    /// Writes the peer files of both sides: both, or neither. Doing it again changes nothing.
    ///
    /// - Parameter replacing: Whether a peer file of that name that says something else is replaced.
    /// - Throws: ``ClusterConnectionError`` that names the file.
    @discardableResult
    public func connect(replacing: Bool = false) throws(ClusterConnectionError) -> [PeerFile] {
        do {
            let directory = try FileDraft.workingDirectory()
            let sides = [(first, second), (second, first)].map { cluster, other in
                (
                    file: PeerFile(
                        path: cluster.peerFile(of: other), reader: cluster.name.rawValue, peer: other.name.rawValue,
                        outcome: .written),
                    directory: cluster.peersDirectory,
                    text: cluster.peerFileText(of: other, workingDirectory: directory)
                )
            }
            // Looked at on both sides before anything is written on one.
            let plans = try sides.map {
                try Plan.made(for: $0.file, in: $0.directory, text: $0.text, replacing: replacing)
            }
            try Self.write(plans.filter { $0.file.outcome != .unchanged })
            return plans.map(\.file)
        } catch let error as ClusterConnectionError {
            throw error
        } catch {
            throw ClusterConnectionError("\(error)")
        }
    }

    /// What is to be done about a file.
    struct Plan {
        var file: PeerFile
        /// The directory that it belongs into.
        var directory: String
        /// What it is to say.
        var text: String
        /// What it says now; `nil` if it is not there.
        var present: String?

        /// What is to be done, by what is there.
        ///
        /// - Throws: ``FileError`` if that cannot be read; ``ClusterConnectionError`` if it is something else that must
        ///   not be replaced.
        static func made(
            for file: PeerFile, in directory: String, text: String, replacing: Bool
        ) throws -> Plan {
            guard let present = try present(file.path) else {
                return Plan(file: file, directory: directory, text: text)
            }
            var plan = Plan(file: file, directory: directory, text: text, present: present)
            plan.file.outcome = present == text ? .unchanged : .replaced
            guard present == text || replacing else {
                throw ClusterConnectionError(
                    "\(file.path): the file is there already, says something else, and was left as it is; --force "
                        + "replaces it")
            }
            return plan
        }

        private static func present(_ path: String) throws(FileError) -> String? {
            do {
                return try PlainFile.text(of: path, atMost: ClusterPair.maximumPeerFileBytes)
            } catch {
                guard error.isMissing else { throw error }
                return nil
            }
        }
    }

    /// Writes all files, or none.
    static func write(_ plans: [Plan]) throws {
        var drafts: [FileDraft] = []
        defer { drafts.forEach { $0.discard() } }
        for plan in plans {
            try FileDraft.makeDirectory(plan.directory)
            drafts.append(try FileDraft(plan.text, for: plan.file.path))
        }
        for (index, draft) in drafts.enumerated() {
            do {
                try draft.place()
            } catch {
                // One side alone is no connection: back to what it was.
                for plan in plans[..<index] { try restore(plan) }
                throw error
            }
        }
    }

    private static func restore(_ plan: Plan) throws {
        guard let present = plan.present else { return FileDraft.remove(plan.file.path) }
        try FileDraft(present, for: plan.file.path).place()
    }
}
