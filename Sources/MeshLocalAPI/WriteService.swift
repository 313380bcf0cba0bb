internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import MeshWatcher
internal import MeshWire

/// Answers what changes a store: KV.Put, DeleteRange, Txn and Compact, Lease.LeaseGrant, LeaseRevoke and LeaseKeepAlive.
///
/// Who may write nothing at all is refused before the message is looked at; then come the message, the permission, and
/// the store, which has etcd's own errors for what is wrong with a request.
struct WriteService: Sendable {
    let store: KVStore
    let hub: KeepAliveHub
    let roles: LocalRoles
    let limits: MessageLimits
    let maximumPendingKeepAlives: Int

    /// Adds the services' methods to a server's.
    func register(into handlers: inout RPCHandlers) {
        func unary(_ path: String, _ answer: @escaping @Sendable ([UInt8], WriteAdmission) throws -> [UInt8]) {
            handlers.unary(RPCMethod(path: path)) { [roles] context, bytes in
                let admission = roles.admission(of: context.peer)
                try admission.checkWriter()
                return RPCPayload(try answer(bytes, admission))
            }
        }
        unary(EtcdMethods.put, put)
        unary(EtcdMethods.deleteRange, delete)
        unary(EtcdMethods.transaction, transaction)
        unary(EtcdMethods.compact, compact)
        unary(EtcdMethods.leaseGrant, grant)
        unary(EtcdMethods.leaseRevoke, revoke)
        handlers.stream(RPCMethod(path: EtcdMethods.leaseKeepAlive)) { [self] context, handle in
            let driver = KeepAliveDriver(
                handle: handle,
                hub: hub,
                limits: limits,
                maximumPending: maximumPendingKeepAlives
            )
            // Known before it is judged: roles that are replaced meanwhile find it.
            hub.add(driver)
            do throws(EtcdError) {
                try roles.admission(of: context.peer).checkWriter()
            } catch {
                hub.remove(driver)
                throw error
            }
            return driver
        }
    }

    // MARK: - KV

    private func put(_ bytes: [UInt8], _ admission: WriteAdmission) throws -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodePutRequest(bytes, limits: limits)
        }
        try admission.check(request)
        let answer = try store.perform(request)
        return TransactionCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    private func delete(_ bytes: [UInt8], _ admission: WriteAdmission) throws -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodeDeleteRequest(bytes, limits: limits)
        }
        try admission.check(request)
        let answer = try store.perform(request)
        return TransactionCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    private func transaction(_ bytes: [UInt8], _ admission: WriteAdmission) throws -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodeTransactionRequest(bytes, limits: limits)
        }
        try admission.check(request)
        let answer = try store.perform(request)
        return TransactionCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    /// History is forgotten at once, so that a client that waits for it (`physical`) waits for nothing.
    private func compact(_ bytes: [UInt8], _ admission: WriteAdmission) throws -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodeCompactionRequest(bytes, limits: limits)
        }
        try store.compact(to: request.revision)
        return TransactionCodec.encodeCompactionAnswer(store.header(at: store.revision))
    }

    // MARK: - Lease

    private func grant(_ bytes: [UInt8], _ admission: WriteAdmission) throws -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try LeaseCodec.decodeGrantRequest(bytes, limits: limits)
        }
        let answer = try store.perform(request)
        return LeaseCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    private func revoke(_ bytes: [UInt8], _ admission: WriteAdmission) throws -> [UInt8] {
        let lease = try asEtcdError { () throws(WireMessageError) in
            try LeaseCodec.decodeRevokeRequest(bytes, limits: limits)
        }
        // A lease may hold keys that another writer put, or that may be written by nobody any more.
        let revision = try store.revokeLease(lease) { keys throws(EtcdError) in
            try admission.checkRevocation(deleting: keys)
        }
        return LeaseCodec.encodeRevokeAnswer(store.header(at: revision))
    }
}

extension KVStore {
    /// The header of the answer that was given at `revision`.
    func header(at revision: Revision) -> ResponseHeader {
        var header = reader.header
        header.revision = revision
        return header
    }
}
