internal import MeshCore

extension IPRecord {
    /// Reads the stored JSON. Fields may be missing or `null`, but for the IP; unknown ones are skipped.
    ///
    /// - Throws: ``RecordError`` that names the field.
    public init(decoding json: some Collection<UInt8>) throws(RecordError) {
        if let fields = ParsedJSON.read(json, Fields.init) {
            self.init(fields)
        } else {
            try self.init(tolerantlyDecoding: json)
        }
    }

    /// Reads what the fast way does not take, and says what is wrong with what cannot be read.
    init(tolerantlyDecoding json: some Collection<UInt8>) throws(RecordError) {
        let form = try RecordJSON.decode(Form.self, json)
        guard let address = form.ip?.address else { throw RecordError(.malformedValue, "field 'IP' is missing") }
        var ip = IPKey.address(address)
        if let mask = form.mask {
            guard mask.family == address.family, let prefix = IPPrefix(address, length: mask.length) else {
                throw RecordError(.malformedValue, "field 'Mask' is not a mask for \(address)")
            }
            ip = .cidr(prefix)
        }
        var fields = Fields(ip: ip, hostIP: form.hostIP?.address, identity: form.identity?.number ?? 0)
        fields.encryptionKey = form.encryptionKey?.number ?? 0
        fields.metadata = form.metadata ?? ""
        fields.namespace = form.namespace ?? ""
        fields.podName = form.podName ?? ""
        fields.serviceAccount = form.serviceAccount ?? ""
        fields.namedPorts = (form.namedPorts ?? []).compactMap { port in
            port.map { NamedPort(name: $0.name ?? "", number: $0.number?.number ?? 0, transport: $0.transport ?? "") }
        }
        self.init(fields)
    }

    /// The JSON as it may be found.
    private struct Form: Decodable {
        struct Port: Decodable {
            var name: String?
            var number: Whole<UInt16>?
            var transport: String?

            enum CodingKeys: String, CodingKey {
                case name = "Name"
                case number = "Port"
                case transport = "Protocol"
            }
        }

        var ip: AddressForm?
        var mask: MaskForm?
        var hostIP: AddressForm?
        var identity: Whole<UInt32>?
        var encryptionKey: Whole<UInt8>?
        var metadata: String?
        var namespace: String?
        var podName: String?
        var serviceAccount: String?
        var namedPorts: [Port?]?

        enum CodingKeys: String, CodingKey {
            case ip = "IP"
            case mask = "Mask"
            case hostIP = "HostIP"
            case identity = "ID"
            case encryptionKey = "Key"
            case metadata = "Metadata"
            case namespace = "K8sNamespace"
            case podName = "K8sPodName"
            case serviceAccount = "K8sServiceAccount"
            case namedPorts = "NamedPorts"
        }
    }

    /// The JSON that is stored: Cilium's fields in Cilium's order; those about a pod only where they are set.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("IP", ip.prefix.address.description)
            switch ip {
            case .address: writer.nullField("Mask")
            case .cidr(let prefix): writer.field("Mask", prefix.base64Mask)
            }
            writer.field("HostIP", hostIP?.description ?? "")
            writer.field("ID", identity)
            writer.field("Key", encryptionKey)
            writer.field("Metadata", metadata)
            if !namespace.isEmpty { writer.field("K8sNamespace", namespace) }
            if !podName.isEmpty { writer.field("K8sPodName", podName) }
            if !serviceAccount.isEmpty { writer.field("K8sServiceAccount", serviceAccount) }
            if !namedPorts.isEmpty {
                let sorted = namedPorts.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
                writer.list("NamedPorts", sorted) { writer, port in
                    writer.object {
                        $0.field("Name", port.name)
                        $0.field("Port", port.number)
                        $0.field("Protocol", port.transport)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension IPRecord.Fields {
    /// The record of JSON as writers write it.
    init(_ json: ParsedJSON) throws(UnusualJSON) {
        var members = try json.members()
        guard let address = try members.take("IP").address() else { throw UnusualJSON() }
        let cidr = try members.take("Mask").prefix(of: address)
        ip = cidr.map { .cidr($0) } ?? .address(address)
        hostIP = try members.take("HostIP").address()
        identity = try members.take("ID").number() ?? 0
        encryptionKey = try members.take("Key").number() ?? 0
        metadata = try members.take("Metadata").text() ?? ""
        namespace = try members.take("K8sNamespace").text() ?? ""
        podName = try members.take("K8sPodName").text() ?? ""
        serviceAccount = try members.take("K8sServiceAccount").text() ?? ""
        namedPorts = try members.take("NamedPorts").list { port throws(UnusualJSON) in
            if port.isNull { return nil }
            var members = try port.members()
            let name = try members.take("Name").text() ?? ""
            let number = try members.take("Port").number(UInt16.self) ?? 0
            let transport = try members.take("Protocol").text() ?? ""
            try members.finish()
            return IPRecord.NamedPort(name: name, number: number, transport: transport)
        }
        try members.finish()
    }
}
