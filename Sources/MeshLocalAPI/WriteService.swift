internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import MeshWatcher
internal import MeshWire

/// Answers what changes a store: KV.Put, DeleteRange, Txn and Compact, Lease.LeaseGrant, LeaseRevoke and LeaseKeepAlive.
///
/// Who may write nothing at all is refused before the message is looked at; then come the message, the permission, and
/// the store, which has etcd's own errors for what is wrong with a request.
///
/// Writes of one key and small transactions are done on the thread that received them, unless another writer is at work
/// just then: handing them to a task costs more than doing them. What is asked about them, and in which order, is the
/// same.
struct WriteService: Sendable {
    let store: KVStore
    let hub: KeepAliveHub
    let roles: LocalRoles
    let limits: MessageLimits
    let maximumPendingKeepAlives: Int

    /// The largest request that is answered on the thread that received it: 16 KiB, so that a message of nothing but
    /// fields does not keep that thread for long.
    static let largestImmediateRequest = 16_384

    /// Makes the answer to a request's bytes.
    private typealias Answer = @Sendable ([UInt8], WriteAdmission) throws(EtcdError) -> [UInt8]

    /// Makes the answer to a request's bytes without waiting; `nil` if that is not possible now.
    private typealias ImmediateAnswer = @Sendable ([UInt8], WriteAdmission) throws(EtcdError) -> [UInt8]?

    /// Adds the services' methods to a server's.
    func register(into handlers: inout RPCHandlers) {
        func unary(_ path: String, _ answer: @escaping Answer, atOnce: ImmediateAnswer? = nil) {
            let admission = { @Sendable [roles] (context: RPCCallContext) throws(EtcdError) in
                let admission = roles.admission(of: context.peer)
                try admission.checkWriter()
                return admission
            }
            let body: RPCHandlers.UnaryBody = { context, bytes in
                RPCPayload(try answer(bytes, try admission(context)))
            }
            guard let atOnce else { return handlers.unary(RPCMethod(path: path), body) }
            let immediate: RPCHandlers.ImmediateBody = { context, bytes in
                guard bytes.count <= Self.largestImmediateRequest else { return nil }
                do throws(EtcdError) {
                    return try atOnce(bytes, try admission(context)).map { .success(RPCPayload($0)) }
                } catch {
                    return .failure(RPCStatus(error))
                }
            }
            handlers.unary(RPCMethod(path: path), immediate: immediate, body)
        }
        unary(EtcdMethods.put) { bytes, admission throws(EtcdError) in
            encoded(try store.perform(try put(bytes, admission)))
        } atOnce: { bytes, admission throws(EtcdError) in
            (try store.performIfFree(try put(bytes, admission))?.get()).map(encoded)
        }
        unary(EtcdMethods.deleteRange) { bytes, admission throws(EtcdError) in
            encoded(try store.perform(try deletion(bytes, admission)))
        } atOnce: { bytes, admission throws(EtcdError) in
            (try store.performIfFree(try deletion(bytes, admission))?.get()).map(encoded)
        }
        unary(EtcdMethods.transaction) { bytes, admission throws(EtcdError) in
            encoded(try store.perform(try transaction(bytes, admission)))
        } atOnce: { bytes, admission throws(EtcdError) in
            (try store.performIfFree(try transaction(bytes, admission))?.get()).map(encoded)
        }
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

    /// Reads and judges a write of one pair.
    private func put(_ bytes: [UInt8], _ admission: WriteAdmission) throws(EtcdError) -> PutRequest {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodePutRequest(bytes, limits: limits)
        }
        try admission.check(request)
        return request
    }

    /// Reads and judges a deletion.
    private func deletion(_ bytes: [UInt8], _ admission: WriteAdmission) throws(EtcdError) -> DeleteRequest {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodeDeleteRequest(bytes, limits: limits)
        }
        try admission.check(request)
        return request
    }

    /// Reads and judges a transaction.
    private func transaction(_ bytes: [UInt8], _ admission: WriteAdmission) throws(EtcdError) -> TransactionRequest {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodeTransactionRequest(bytes, limits: limits)
        }
        try admission.check(request)
        return request
    }

    private func encoded(_ answer: PutAnswer) -> [UInt8] {
        TransactionCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    private func encoded(_ answer: DeleteAnswer) -> [UInt8] {
        TransactionCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    private func encoded(_ answer: TransactionAnswer) -> [UInt8] {
        TransactionCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    /// History is forgotten at once, so that a client that waits for it (`physical`) waits for nothing.
    private func compact(_ bytes: [UInt8], _ admission: WriteAdmission) throws(EtcdError) -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try TransactionCodec.decodeCompactionRequest(bytes, limits: limits)
        }
        try store.compact(to: request.revision)
        return TransactionCodec.encodeCompactionAnswer(store.header(at: store.revision))
    }

    // MARK: - Lease

    private func grant(_ bytes: [UInt8], _ admission: WriteAdmission) throws(EtcdError) -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try LeaseCodec.decodeGrantRequest(bytes, limits: limits)
        }
        let answer = try store.perform(request)
        return LeaseCodec.encodeAnswer(store.header(at: answer.revision), answer)
    }

    private func revoke(_ bytes: [UInt8], _ admission: WriteAdmission) throws(EtcdError) -> [UInt8] {
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
