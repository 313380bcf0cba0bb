public import MeshCore
internal import MeshLocalAPI
internal import MeshReplica
public import MeshWatcher

// What can be exchanged while an agent runs: the endpoints' certificate, who may read and write, and who is shut out.
// Nobody's connection or stream ends by it, but those that may not be any more.
extension MeshAgent {
    /// Shows another certificate, and trusts other authorities, at handshakes from about a second from now on.
    ///
    /// - Important: Only credentials that were validated belong here, as `TLSCredentials.load` does it.
    /// - Throws: ``MeshConfigurationError`` if they cannot be used; what was there is still used then.
    public func replaceCredentials(_ credentials: TLSCredentials) throws(MeshConfigurationError) {
        do {
            try server.replaceCredentials(credentials)
            try local?.replaceCredentials(credentials)
            try republisher?.server.replaceCredentials(credentials)
            statusSource.credentials.withLock { $0 = credentials }
        } catch {
            throw MeshConfigurationError("cluster '\(configuration.name)': \(error)", cause: error)
        }
    }

    /// Shows the followed etcd another certificate from the next connection on; without one it does nothing.
    public func replaceFollowedCredentials(_ credentials: TLSCredentials) {
        state.replica?.replaceCredentials(credentials)
    }

    /// Replaces who may read besides other clusters, and who may write on the local listener. Open watches are judged
    /// anew: one that may no longer be is cancelled.
    ///
    /// - Parameter writers: Whose certificates may write; `nil` is `admin-` and the cluster's name. Without a local
    ///   listener it says nothing.
    public func replaceRoles(readers: [AccessRole], writers: [AccessRole.Match]?) {
        var new = configuration
        new.additionalRoles = readers
        new.local?.writers = writers
        server.setAccess(new.server.access)
        if let local, let access = new.localServer { local.setAccess(writing: access.writing, readers: access.readers) }
    }

    /// Refuses these certificates and no others, from now on: their handshakes fail, their calls and streams end with
    /// Unauthenticated, and connections to peers that show them end; what is held of those peers is kept.
    public func setRevoked(_ revoked: RevokedCertificates) {
        server.setRevoked(revoked)
        local?.setRevoked(revoked)
        republisher?.server.setRevoked(revoked)
        peerSet.setRevoked(revoked)
    }
}
