internal import MeshCore

extension NodeRecord {
    /// Reads the stored JSON. Fields may be missing or `null`; unknown ones are skipped.
    ///
    /// An allocation CIDR may be written as `{"IP":…,"Mask":…}` or as text (`"10.0.0.0/24"`).
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
        var fields = Fields(
            name: form.name ?? "", cluster: form.cluster ?? "", clusterID: form.clusterID?.number ?? 0)
        fields.addresses = (form.addresses ?? []).compactMap { entry in
            entry?.ip?.address.map { Address(entry?.type ?? "", $0) }
        }
        fields.ipv4AllocationCIDR = try Self.prefix(form.ipv4AllocationCIDR, .v4)
        fields.ipv4SecondaryAllocationCIDRs = try Self.prefixes(form.ipv4SecondaryAllocationCIDRs, .v4)
        fields.ipv6AllocationCIDR = try Self.prefix(form.ipv6AllocationCIDR, .v6)
        fields.ipv6SecondaryAllocationCIDRs = try Self.prefixes(form.ipv6SecondaryAllocationCIDRs, .v6)
        fields.ipv4HealthIP = form.ipv4HealthIP?.address
        fields.ipv6HealthIP = form.ipv6HealthIP?.address
        fields.ipv4IngressIP = form.ipv4IngressIP?.address
        fields.ipv6IngressIP = form.ipv6IngressIP?.address
        fields.source = form.source ?? ""
        fields.encryptionKey = form.encryptionKey?.number ?? 0
        fields.labels = TextMap((form.labels ?? [:]).mapValues { $0 ?? "" })
        fields.annotations = TextMap((form.annotations ?? [:]).mapValues { $0 ?? "" })
        fields.wireGuardPublicKey = form.wireGuardPublicKey ?? ""
        fields.bootID = form.bootID ?? ""
        self.init(fields)
    }

    private static func prefix(
        _ form: CIDRForm?,
        _ family: IPAddress.Family
    ) throws(RecordError) -> IPPrefix? {
        guard let prefix = form?.prefix else { return nil }
        guard prefix.address.family == family else {
            throw RecordError(
                .malformedValue,
                "field 'IPv\(family.rawValue)AllocCIDR': \(prefix) is not an IPv\(family.rawValue) CIDR"
            )
        }
        return prefix
    }

    private static func prefixes(
        _ forms: [CIDRForm?]?,
        _ family: IPAddress.Family
    ) throws(RecordError) -> [IPPrefix] {
        var prefixes: [IPPrefix] = []
        for form in forms ?? [] {
            if let prefix = try prefix(form, family) { prefixes.append(prefix) }
        }
        return prefixes
    }

    /// The JSON as it may be found.
    private struct Form: Decodable {
        struct Address: Decodable {
            var type: String?
            var ip: AddressForm?

            enum CodingKeys: String, CodingKey {
                case type = "Type"
                case ip = "IP"
            }
        }

        var name: String?
        var cluster: String?
        var addresses: [Address?]?
        var ipv4AllocationCIDR: CIDRForm?
        var ipv4SecondaryAllocationCIDRs: [CIDRForm?]?
        var ipv6AllocationCIDR: CIDRForm?
        var ipv6SecondaryAllocationCIDRs: [CIDRForm?]?
        var ipv4HealthIP: AddressForm?
        var ipv6HealthIP: AddressForm?
        var ipv4IngressIP: AddressForm?
        var ipv6IngressIP: AddressForm?
        var clusterID: Whole<UInt32>?
        var source: String?
        var encryptionKey: Whole<UInt8>?
        var labels: [String: String?]?
        var annotations: [String: String?]?
        var wireGuardPublicKey: String?
        var bootID: String?

        enum CodingKeys: String, CodingKey {
            case name = "Name"
            case cluster = "Cluster"
            case addresses = "IPAddresses"
            case ipv4AllocationCIDR = "IPv4AllocCIDR"
            case ipv4SecondaryAllocationCIDRs = "IPv4SecondaryAllocCIDRs"
            case ipv6AllocationCIDR = "IPv6AllocCIDR"
            case ipv6SecondaryAllocationCIDRs = "IPv6SecondaryAllocCIDRs"
            case ipv4HealthIP = "IPv4HealthIP"
            case ipv6HealthIP = "IPv6HealthIP"
            case ipv4IngressIP = "IPv4IngressIP"
            case ipv6IngressIP = "IPv6IngressIP"
            case clusterID = "ClusterID"
            case source = "Source"
            case encryptionKey = "EncryptionKey"
            case labels = "Labels"
            case annotations = "Annotations"
            case wireGuardPublicKey = "WireguardPubKey"
            case bootID = "BootID"
        }
    }

    /// The JSON that is stored: Cilium's fields in Cilium's order, empty lists and maps as `null`.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("Name", name)
            writer.field("Cluster", cluster)
            writer.list("IPAddresses", addresses) { writer, address in
                writer.object {
                    $0.field("Type", address.type)
                    $0.field("IP", address.ip.description)
                }
            }
            writer.field("IPv4AllocCIDR", ipv4AllocationCIDR)
            writer.list("IPv4SecondaryAllocCIDRs", ipv4SecondaryAllocationCIDRs) { $0.prefix($1) }
            writer.field("IPv6AllocCIDR", ipv6AllocationCIDR)
            writer.list("IPv6SecondaryAllocCIDRs", ipv6SecondaryAllocationCIDRs) { $0.prefix($1) }
            writer.field("IPv4HealthIP", ipv4HealthIP?.description ?? "")
            writer.field("IPv6HealthIP", ipv6HealthIP?.description ?? "")
            writer.field("IPv4IngressIP", ipv4IngressIP?.description ?? "")
            writer.field("IPv6IngressIP", ipv6IngressIP?.description ?? "")
            writer.field("ClusterID", clusterID)
            writer.field("Source", source)
            writer.field("EncryptionKey", encryptionKey)
            let (labels, annotations) = (labels, annotations)
            labels.isEmpty ? writer.nullField("Labels") : writer.map("Labels", labels)
            annotations.isEmpty ? writer.nullField("Annotations") : writer.map("Annotations", annotations)
            writer.field("WireguardPubKey", wireGuardPublicKey)
            writer.field("BootID", bootID)
        }
        return writer.bytes
    }
}

extension NodeRecord.Fields {
    /// The record of JSON as writers write it.
    init(_ json: ParsedJSON) throws(UnusualJSON) {
        var members = try json.members()
        name = try members.take("Name").text() ?? ""
        cluster = try members.take("Cluster").text() ?? ""
        addresses = try members.take("IPAddresses").list { address throws(UnusualJSON) in
            if address.isNull { return nil }
            var members = try address.members()
            let type = try members.take("Type").text() ?? ""
            let ip = try members.take("IP").address()
            try members.finish()
            return ip.map { NodeRecord.Address(type, $0) }
        }
        ipv4AllocationCIDR = try members.take("IPv4AllocCIDR").cidr(.v4)
        ipv4SecondaryAllocationCIDRs = try members.take("IPv4SecondaryAllocCIDRs").cidrs(.v4)
        ipv6AllocationCIDR = try members.take("IPv6AllocCIDR").cidr(.v6)
        ipv6SecondaryAllocationCIDRs = try members.take("IPv6SecondaryAllocCIDRs").cidrs(.v6)
        ipv4HealthIP = try members.take("IPv4HealthIP").address()
        ipv6HealthIP = try members.take("IPv6HealthIP").address()
        ipv4IngressIP = try members.take("IPv4IngressIP").address()
        ipv6IngressIP = try members.take("IPv6IngressIP").address()
        clusterID = try members.take("ClusterID").number() ?? 0
        source = try members.take("Source").text() ?? ""
        encryptionKey = try members.take("EncryptionKey").number() ?? 0
        labels = TextMap(try members.take("Labels").map())
        annotations = TextMap(try members.take("Annotations").map())
        wireGuardPublicKey = try members.take("WireguardPubKey").text() ?? ""
        bootID = try members.take("BootID").text() ?? ""
        try members.finish()
    }
}

extension ParsedJSON {
    fileprivate func cidr(_ family: IPAddress.Family) throws(UnusualJSON) -> IPPrefix? {
        guard let cidr = try cidr() else { return nil }
        guard cidr.address.family == family else { throw UnusualJSON() }
        return cidr
    }

    fileprivate func cidrs(_ family: IPAddress.Family) throws(UnusualJSON) -> [IPPrefix] {
        try list { element throws(UnusualJSON) in try element.cidr(family) }
    }
}
