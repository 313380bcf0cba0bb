internal import Logging
internal import MeshCore
internal import MeshTLS

/// The files behind a ``ServedCluster``: reads them for the start, and takes over what changed in them later.
///
/// A value to be used by one task. What cannot be used is logged, and what was read before stays in force.
struct ServedFiles: Sendable {
    /// What is looked at, and reported, together.
    enum Group: Hashable, Sendable {
        case configuration, certificates, followedCertificates, revocations, state
    }

    private let configuration: ServeConfiguration
    private let source: ServeSource
    private var settings: ServeSettings
    private var state: StateWriter?
    /// What the settings revoke, and what the revocation lists do.
    private var revoked: (named: RevokedCertificates, listed: RevokedCertificates)
    private let logger: Logger

    init(_ configuration: ServeConfiguration, from source: ServeSource, _ settings: ServeSettings, logger: Logger) {
        self.configuration = configuration
        self.source = source
        self.settings = settings
        self.logger = logger
        revoked = (configuration.revoked, RevokedCertificates())
    }

    /// The files to look at.
    var observed: [Group: [ObservedFile]] {
        var files: [Group: [ObservedFile]] = [:]
        files[.certificates] = [configuration.certificate, configuration.key, configuration.authorities].map {
            .file($0)
        }
        files[.followedCertificates] = configuration.followed.map {
            [.file($0.certificate), .file($0.key), .file($0.authorities)]
        }
        files[.revocations] = configuration.revocationLists.map { [.file($0), .file(configuration.authorities)] }
        files[.configuration] = source.file.map { [.file($0)] }
        files[.state] = configuration.state.map { [$0.observed] }
        return files
    }

    /// The endpoint's credentials as they are now. Warns of a private key that others can read.
    ///
    /// - Throws: ``MeshTLS/TLSError`` that names the file.
    func credentials() throws(TLSError) -> TLSCredentials {
        warnIfReadableByOthers(configuration.key)
        return try TLSCredentials.load(
            certificate: configuration.certificate, key: configuration.key, roots: configuration.authorities,
            purpose: .server)
    }

    /// What is shown to the followed etcd, as it is now; `nil` where none is followed.
    ///
    /// - Throws: ``MeshTLS/TLSError`` that names the file.
    func followedCredentials() throws(TLSError) -> TLSCredentials? {
        guard let followed = configuration.followed else { return nil }
        if followed.key != configuration.key { warnIfReadableByOthers(followed.key) }
        do throws(TLSError) {
            return try TLSCredentials.load(
                certificate: followed.certificate, key: followed.key, roots: followed.authorities, purpose: .client)
        } catch  where error.code == .wrongUsage && followed.certificate == configuration.certificate {
            var error = error
            error.message += "; give the one to show to the followed etcd with --follow-cert and --follow-key"
            throw error
        }
    }

    /// Writes the state that the directory holds, if there is one, and says that it is complete.
    ///
    /// - Throws: ``StateDirectoryError``, ``StateWriteError``, or the store's error.
    mutating func writeState(to agent: MeshAgent) throws {
        guard let directory = configuration.state else {
            if configuration.localListen == nil, configuration.followed == nil {
                logger.warning("nothing fills the store: there is no --state, --local-listen or --follow")
                try agent.initialStateComplete()
            }
            return
        }
        var writer = StateWriter(to: try agent.store, limits: agent.configuration.store)
        let outcome = try writer.write(try directory.load())
        state = writer
        logger.info("read the state", metadata: ["directory": "\(directory.path)", "keys": "\(outcome.put)"])
        try agent.initialStateComplete()
    }

    /// Reads the revocation lists, if there are any, and refuses what they and the settings name.
    ///
    /// - Throws: ``MeshTLS/TLSError`` that names the file.
    mutating func revoke(in agent: MeshAgent) throws(TLSError) {
        if let file = configuration.revocationLists {
            revoked.listed = try RevocationList.load(file: file, issuedBy: authorities()).revoked
        }
        refuseRevoked(in: agent)
    }

    private func authorities() throws(TLSError) -> String {
        do {
            return try PlainFile.text(of: configuration.authorities, atMost: PEMLimits.maximumFileBytes)
        } catch {
            throw TLSError(.fileUnreadable, error.message, file: error.file)
        }
    }

    private func refuseRevoked(in agent: MeshAgent) {
        var all = revoked.named
        all.formUnion(revoked.listed)
        agent.setRevoked(all)
    }

    /// Takes over what these groups of files say now.
    mutating func takeOver(_ groups: Set<Group>, into agent: MeshAgent) {
        if groups.contains(.configuration) { takeOverConfiguration(into: agent) }
        if groups.contains(.certificates) { takeOverCertificates(into: agent) }
        if groups.contains(.followedCertificates) { takeOverFollowedCertificates(into: agent) }
        if groups.contains(.revocations) { takeOverRevocations(into: agent) }
        if groups.contains(.state) { takeOverState() }
    }

    private mutating func takeOverState() {
        guard let directory = configuration.state else { return }
        do {
            let lines = try directory.load()
            guard let outcome = try state?.write(lines) else { return }
            logger.info(
                "took over the state",
                metadata: ["put": "\(outcome.put)", "withdrawn": "\(outcome.withdrawn)", "keys": "\(lines.count)"])
        } catch {
            logger.error("the state stays as it was: \(error)")
        }
    }

    private func takeOverCertificates(into agent: MeshAgent) {
        do {
            try agent.replaceCredentials(try credentials())
            logger.info("took over the certificate", metadata: ["file": "\(configuration.certificate)"])
        } catch {
            logger.error("the certificate stays as it was: \(error)")
        }
    }

    private func takeOverFollowedCertificates(into agent: MeshAgent) {
        do {
            guard let credentials = try followedCredentials() else { return }
            agent.replaceFollowedCredentials(credentials)
            logger.info("the followed etcd is shown the new certificate from the next connection on")
        } catch {
            logger.error("the certificate for the followed etcd stays as it was: \(error)")
        }
    }

    private mutating func takeOverRevocations(into agent: MeshAgent) {
        do {
            try revoke(in: agent)
            logger.info("took over the revocation lists", metadata: ["revoked": "\(revoked.listed.count)"])
        } catch {
            logger.error("what is revoked stays as it was: \(error)")
        }
    }

    private mutating func takeOverConfiguration(into agent: MeshAgent) {
        do {
            let new = try source.read()
            // As a whole: half of a file that cannot be is not taken.
            let configuration = try ServeConfiguration(new)
            let changes = new.differences(to: settings)
            settings = new
            for key in changes where !key.isChangeable {
                logger.warning("'\(key)' has changed; that takes effect when the process is started anew")
            }
            let taken = changes.filter(\.isChangeable)
            guard !taken.isEmpty else { return }
            agent.replaceRoles(readers: configuration.readers, writers: configuration.writers)
            revoked.named = configuration.revoked
            refuseRevoked(in: agent)
            logger.info("took over settings", metadata: ["settings": "\(taken.map(\.rawValue).joined(separator: " "))"])
        } catch {
            logger.error("the configuration stays as it was: \(error)")
        }
    }

    private func warnIfReadableByOthers(_ key: String) {
        // Whether it can be read at all is said by whoever reads it.
        guard let stamp = try? PlainFile.stamp(of: key), stamp.isReadableByOthers else { return }
        let mode = String(stamp.permissions, radix: 8)
        logger.warning("others can read the private key \(key) (mode \(mode)); 'chmod 600' it")
    }
}

extension FileStamp {
    /// Whether anybody but the file's owner may read it.
    fileprivate var isReadableByOthers: Bool { permissions & 0o044 != 0 }
}
