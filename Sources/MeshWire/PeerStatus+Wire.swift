internal import MeshCore

// The messages of Protos/clustermesh.proto that are about one mirror.

extension AgentStatus.Peer: FieldMessage {
    static var empty: Self { Self(cluster: "", state: "", isCurrent: false) }

    func write(to writer: inout WireWriter) {
        writer.text(1, cluster)
        writer.text(2, state)
        writer.flag(3, isCurrent)
        writer.number(4, revision)
        writer.text(5, lastError ?? "")
        writer.number(6, UInt64(id ?? 0))
        writer.milliseconds(7, since)
        writer.span(8, staleness)
        writer.span(9, nextAttempt)
        writer.number(10, failures)
        writer.span(11, lastFailure)
        writer.number(12, connections)
        writer.number(13, synchronisations)
        writer.text(14, endpoint)
        writer.messages(15, endpoints)
        writer.number(16, storeID)
        writer.number(17, storeRevision)
        writer.milliseconds(18, lag)
        writer.span(19, heartbeatAge)
        writer.messages(20, kinds)
        writer.number(21, outdated)
        if rejections != Rejections() { writer.message(22, rejections) }
        if budget != Budget() { writer.message(23, budget) }
        writer.messages(24, resyncs)
        writer.milliseconds(25, throttled)
        writer.number(26, serverCertificateExpiry ?? 0)
        writer.number(27, clientCertificateExpiry ?? 0)
        writer.message(28, config)
        writer.texts(29, unsupported)
        writer.number(30, serviceExpirations)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: cluster = try field.text(in: bytes)
        case 2: state = try field.text(in: bytes)
        case 3: isCurrent = try field.flag()
        case 4: revision = Revision(try field.number())
        case 5: lastError = try field.textIfAny(in: bytes)
        case 6:
            let number = try field.number32()
            id = number == 0 ? nil : number
        case 7: since = try field.milliseconds()
        case 8: staleness = try field.span(in: bytes, after: staleness)
        case 9: nextAttempt = try field.span(in: bytes, after: nextAttempt)
        case 10: failures = try field.number()
        case 11: lastFailure = try field.span(in: bytes, after: lastFailure)
        case 12: connections = try field.number()
        case 13: synchronisations = try field.number()
        case 14: endpoint = try field.text(in: bytes)
        case 15: endpoints.append(try field.message(in: bytes))
        case 16: storeID = try field.unsigned()
        case 17: storeRevision = Revision(try field.number())
        case 18: lag = try field.milliseconds()
        case 19: heartbeatAge = try field.span(in: bytes, after: heartbeatAge)
        case 20: kinds.append(try field.message(in: bytes))
        case 21: outdated = try field.number()
        case 22: rejections = try field.message(in: bytes, after: rejections)
        case 23: budget = try field.message(in: bytes, after: budget)
        case 24: resyncs.append(try field.message(in: bytes))
        case 25: throttled = try field.milliseconds()
        case 26: serverCertificateExpiry = try field.numberIfAny()
        case 27: clientCertificateExpiry = try field.numberIfAny()
        case 28: config = try field.message(in: bytes, after: config)
        case 29: unsupported.append(try field.text(in: bytes))
        case 30: serviceExpirations = try field.number()
        default: break
        }
    }
}

extension AgentStatus.Peer.Endpoint: FieldMessage {
    static var empty: Self { Self(url: "") }

    func write(to writer: inout WireWriter) {
        writer.text(1, url)
        writer.number(2, attempts)
        writer.span(3, lastAttempt)
        writer.text(4, lastError ?? "")
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: url = try field.text(in: bytes)
        case 2: attempts = try field.number()
        case 3: lastAttempt = try field.span(in: bytes, after: lastAttempt)
        case 4: lastError = try field.textIfAny(in: bytes)
        default: break
        }
    }
}

extension AgentStatus.Peer.Kind: FieldMessage {
    static var empty: Self { Self(name: "") }

    func write(to writer: inout WireWriter) {
        writer.text(1, name)
        writer.flag(2, isFollowed)
        writer.flag(3, isSynced)
        writer.number(4, count)
        writer.flag(5, isAwaitingCanary)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: name = try field.text(in: bytes)
        case 2: isFollowed = try field.flag()
        case 3: isSynced = try field.flag()
        case 4: count = try field.number()
        case 5: isAwaitingCanary = try field.flag()
        default: break
        }
    }
}

extension AgentStatus.Peer.Rejections: FieldMessage {
    static var empty: Self { Self() }

    func write(to writer: inout WireWriter) {
        writer.number(1, total)
        writer.number(2, current)
        writer.messages(3, examples)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: total = try field.number()
        case 2: current = try field.number()
        case 3: examples.append(try field.message(in: bytes))
        default: break
        }
    }
}

extension AgentStatus.Peer.Rejections.Example: FieldMessage {
    static var empty: Self { Self(key: "", reason: "") }

    func write(to writer: inout WireWriter) {
        writer.text(1, key)
        writer.number(2, revision)
        writer.text(3, reason)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: key = try field.text(in: bytes)
        case 2: revision = Revision(try field.number())
        case 3: reason = try field.text(in: bytes)
        default: break
        }
    }
}

extension AgentStatus.Peer.Budget: FieldMessage {
    static var empty: Self { Self() }

    func write(to writer: inout WireWriter) {
        writer.number(1, keys)
        writer.number(2, maximumKeys)
        writer.number(3, bytes)
        writer.number(4, maximumBytes)
        writer.number(5, refusals)
    }

    mutating func take(_ field: WireReader.Field, in slice: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: keys = try field.number()
        case 2: maximumKeys = try field.number()
        case 3: bytes = try field.number()
        case 4: maximumBytes = try field.number()
        case 5: refusals = try field.number()
        default: break
        }
    }
}

extension AgentStatus.Peer.Resync: FieldMessage {
    static var empty: Self { Self(cause: "", count: 0) }

    func write(to writer: inout WireWriter) {
        writer.text(1, cause)
        writer.number(2, count)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: cause = try field.text(in: bytes)
        case 2: count = try field.number()
        default: break
        }
    }
}

extension AgentStatus.Peer.Config: FieldMessage {
    static var empty: Self { Self() }

    func write(to writer: inout WireWriter) {
        writer.number(1, UInt64(id))
        writer.flag(2, isCached)
        writer.flag(3, hasCanaries)
        writer.number(4, UInt64(maximumClusters))
        // 0 is unknown, 1 no, 2 yes.
        writer.number(5, exportsServices.map { $0 ? 2 : 1 as UInt64 } ?? 0)
        writer.text(6, endpointSlices)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: id = try field.number32()
        case 2: isCached = try field.flag()
        case 3: hasCanaries = try field.flag()
        case 4: maximumClusters = try field.number32()
        case 5:
            switch try field.unsigned() {
            case 1: exportsServices = false
            case 2: exportsServices = true
            default: exportsServices = nil
            }
        case 6: endpointSlices = try field.text(in: bytes)
        default: break
        }
    }
}
