internal import MeshCore

// The messages of Protos/clustermesh.proto that are about an agent as a whole.

extension AgentStatus: FieldMessage {
    static var empty: AgentStatus {
        AgentStatus(cluster: "", clusterID: 0, isInitialStateComplete: false, storeID: 0, revision: .none)
    }

    func write(to writer: inout WireWriter) {
        writer.text(1, cluster)
        writer.number(2, UInt64(clusterID))
        writer.flag(3, isInitialStateComplete)
        writer.number(4, storeID)
        writer.number(5, revision)
        writer.messages(6, peers)
        writer.number(7, certificateExpiry ?? 0)
        writer.number(8, rejectedLocalRecords)
        writer.message(9, followed)
        writer.messages(10, peerFaults)
        if conflicts != Conflicts() { writer.message(11, conflicts) }
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: cluster = try field.text(in: bytes)
        case 2: clusterID = try field.number32()
        case 3: isInitialStateComplete = try field.flag()
        case 4: storeID = try field.unsigned()
        case 5: revision = Revision(try field.number())
        case 6: peers.append(try field.message(in: bytes))
        case 7: certificateExpiry = try field.numberIfAny()
        case 8: rejectedLocalRecords = try field.number()
        case 9: followed = try field.message(in: bytes, after: followed)
        case 10: peerFaults.append(try field.message(in: bytes))
        case 11: conflicts = try field.message(in: bytes, after: conflicts)
        default: break
        }
    }
}

extension AgentStatus.Followed: FieldMessage {
    static var empty: Self { Self(state: "") }

    func write(to writer: inout WireWriter) {
        writer.text(1, state)
        writer.milliseconds(2, since)
        writer.text(3, endpoint)
        writer.span(4, staleness)
        writer.text(5, lastError ?? "")
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: state = try field.text(in: bytes)
        case 2: since = try field.milliseconds()
        case 3: endpoint = try field.text(in: bytes)
        case 4: staleness = try field.span(in: bytes, after: staleness)
        case 5: lastError = try field.textIfAny(in: bytes)
        default: break
        }
    }
}

extension AgentStatus.PeerFault: FieldMessage {
    static var empty: Self { Self(file: "", message: "") }

    func write(to writer: inout WireWriter) {
        writer.text(1, file)
        writer.number(2, line ?? 0)
        writer.text(3, key ?? "")
        writer.text(4, message)
        writer.flag(5, isHarmless)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: file = try field.text(in: bytes)
        case 2: line = try field.numberIfAny()
        case 3: key = try field.textIfAny(in: bytes)
        case 4: message = try field.text(in: bytes)
        case 5: isHarmless = try field.flag()
        default: break
        }
    }
}

extension AgentStatus.Conflicts: FieldMessage {
    static var empty: Self { Self() }

    func write(to writer: inout WireWriter) {
        writer.number(1, addresses)
        writer.number(2, podCIDRs)
        writer.texts(3, examples)
    }

    mutating func take(_ field: WireReader.Field, in bytes: ArraySlice<UInt8>) throws(WireFormatError) {
        switch field.number {
        case 1: addresses = try field.number()
        case 2: podCIDRs = try field.number()
        case 3: examples.append(try field.text(in: bytes))
        default: break
        }
    }
}
