internal import CProtos
internal import MeshCore

extension PutRequest {
    init(unpacked message: Etcdserverpb__PutRequest) {
        self.init(Key(message.key.bytes), message.value.bytes)
        lease = LeaseID(message.lease)
        previousPair = message.prev_kv != 0
        ignoreValue = message.ignore_value != 0
        ignoreLease = message.ignore_lease != 0
    }

    var encoded: [UInt8] {
        var writer = WireWriter(capacity: key.bytes.count + value.count + 32)
        writer.bytes(1, key.bytes)
        writer.bytes(2, value)
        writer.number(3, lease.rawValue)
        writer.flag(4, previousPair)
        writer.flag(5, ignoreValue)
        writer.flag(6, ignoreLease)
        return writer.encoded
    }
}

extension DeleteRequest {
    init(unpacked message: Etcdserverpb__DeleteRangeRequest) {
        self.init(KeyRange(key: message.key.bytes, rangeEnd: message.range_end.bytes))
        previousPairs = message.prev_kv != 0
    }

    var encoded: [UInt8] {
        var writer = WireWriter()
        writer.bytes(1, range.wireKey)
        writer.bytes(2, range.wireRangeEnd)
        writer.flag(3, previousPairs)
        return writer.encoded
    }
}

extension TransactionRequest {
    /// Converts a transaction and those inside it; the scan before has bounded how deep they lie.
    init(unpacked message: Etcdserverpb__TxnRequest) throws(WireMessageError) {
        self.init(success: [])
        for compare in elements(message.n_compare, message.compare) {
            compares.append(try Compare(unpacked: compare))
        }
        for operation in elements(message.n_success, message.success) {
            success.append(try Operation(unpacked: operation))
        }
        for operation in elements(message.n_failure, message.failure) {
            failure.append(try Operation(unpacked: operation))
        }
    }

    var encoded: [UInt8] {
        var writer = WireWriter()
        for compare in compares { writer.message(1, compare.encoded) }
        for operation in success { writer.message(2, operation.encoded) }
        for operation in failure { writer.message(3, operation.encoded) }
        return writer.encoded
    }
}

extension TransactionRequest.Operation {
    fileprivate init(unpacked message: Etcdserverpb__RequestOp) throws(WireMessageError) {
        switch message.request_case {
        case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_RANGE:
            self = .range(try RangeRequest(unpacked: message.request_range.pointee))
        case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT:
            self = .put(PutRequest(unpacked: message.request_put.pointee))
        case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE:
            self = .delete(DeleteRequest(unpacked: message.request_delete_range.pointee))
        case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_TXN:
            self = .transaction(try TransactionRequest(unpacked: message.request_txn.pointee))
        default:
            throw WireMessageError(.emptyOperation, "etcdserverpb.TxnRequest: a step has no operation")
        }
    }

    fileprivate var encoded: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .range(let request): writer.message(1, request.encoded)
        case .put(let request): writer.message(2, request.encoded)
        case .delete(let request): writer.message(3, request.encoded)
        case .transaction(let request): writer.message(4, request.encoded)
        }
        return writer.encoded
    }
}

extension Compare {
    /// Converts a condition. The value to compare with is zero or empty when the sender set none, or one of another
    /// kind than the target says; so etcd reads it.
    fileprivate init(unpacked message: Etcdserverpb__Compare) throws(WireMessageError) {
        func number(_ kind: Etcdserverpb__Compare__TargetUnionCase, _ value: Int64) -> Int64 {
            message.target_union_case == kind ? value : 0
        }
        guard let relation = Relation(rawValue: Int32(truncatingIfNeeded: message.result.rawValue)) else {
            throw WireMessageError(.invalidComparison, "etcdserverpb.Compare: the comparison is not known")
        }
        let target: Target
        switch message.target {
        case ETCDSERVERPB__COMPARE__COMPARE_TARGET__VERSION:
            target = .version(number(ETCDSERVERPB__COMPARE__TARGET_UNION_VERSION, message.version))
        case ETCDSERVERPB__COMPARE__COMPARE_TARGET__CREATE:
            let value = number(ETCDSERVERPB__COMPARE__TARGET_UNION_CREATE_REVISION, message.create_revision)
            target = .createRevision(Revision(value))
        case ETCDSERVERPB__COMPARE__COMPARE_TARGET__MOD:
            let value = number(ETCDSERVERPB__COMPARE__TARGET_UNION_MOD_REVISION, message.mod_revision)
            target = .modRevision(Revision(value))
        case ETCDSERVERPB__COMPARE__COMPARE_TARGET__VALUE:
            let isSet = message.target_union_case == ETCDSERVERPB__COMPARE__TARGET_UNION_VALUE
            target = .value(isSet ? message.value.bytes : [])
        case ETCDSERVERPB__COMPARE__COMPARE_TARGET__LEASE:
            target = .lease(LeaseID(number(ETCDSERVERPB__COMPARE__TARGET_UNION_LEASE, message.lease)))
        default:
            throw WireMessageError(.invalidComparison, "etcdserverpb.Compare: the target is not known")
        }
        self.init(KeyRange(key: message.key.bytes, rangeEnd: message.range_end.bytes), relation, target)
    }

    fileprivate var encoded: [UInt8] {
        var writer = WireWriter()
        writer.number(1, Int64(relation.rawValue))
        writer.number(2, targetNumber)
        writer.bytes(3, range.wireKey)
        switch target {
        case .version(let value): writer.presentNumber(4, value)
        case .createRevision(let value): writer.presentNumber(5, value.rawValue)
        case .modRevision(let value): writer.presentNumber(6, value.rawValue)
        case .value(let value): writer.message(7, value)
        case .lease(let value): writer.presentNumber(8, value.rawValue)
        }
        writer.bytes(64, range.wireRangeEnd)
        return writer.encoded
    }

    private var targetNumber: UInt64 {
        switch target {
        case .version: 0
        case .createRevision: 1
        case .modRevision: 2
        case .value: 3
        case .lease: 4
        }
    }
}
