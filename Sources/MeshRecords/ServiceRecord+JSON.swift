internal import MeshCore

extension ServiceRecord {
    /// Reads the stored JSON. Fields may be missing or `null`; unknown ones are skipped.
    ///
    /// - Throws: ``RecordError`` that names the field; also for an address that is no IP or has a zone.
    public init(decoding json: some Collection<UInt8>) throws(RecordError) {
        let form = try RecordJSON.decode(Form.self, json)
        var fields = Fields(
            cluster: form.cluster ?? "",
            name: ServiceName(namespace: form.namespace ?? "", name: form.name ?? ""),
            frontends: Self.normalized(try Self.endpoints(form.frontends, "frontends")),
            backends: Self.normalized(try Self.endpoints(form.backends, "backends")),
            includeExternal: form.includeExternal ?? false,
            shared: form.shared ?? false,
            clusterID: form.clusterID?.number ?? 0
        )
        fields.hostnames = (form.hostnames ?? [:]).mapValues { $0 ?? "" }
        fields.zones = (form.zones ?? [:]).compactMapValues { zone in
            zone.map { BackendZone($0.zone ?? "", forZones: ($0.forZones ?? []).map { $0?.name ?? "" }) }
        }
        fields.labels = (form.labels ?? [:]).mapValues { $0 ?? "" }
        fields.selector = (form.selector ?? [:]).mapValues { $0 ?? "" }
        self.init(fields)
    }

    private static func endpoints(
        _ form: Form.Endpoints?,
        _ field: String
    ) throws(RecordError) -> [ServiceEndpoint] {
        var endpoints: [ServiceEndpoint] = []
        // In a fixed order, for the case that one address stands there in two spellings.
        for (text, ports) in (form ?? [:]).sorted(by: { $0.key < $1.key }) {
            do throws(IPTextError) {
                let address = try IPAddress(text)
                let named = (ports ?? [:]).compactMap { name, port in
                    port.map { ServicePort(name: name, transport: $0.transport ?? "", number: $0.number?.number ?? 0) }
                }
                endpoints.append(ServiceEndpoint(address, ports: named))
            } catch {
                throw RecordError(.malformedValue, "field '\(field)': \(error.message)")
            }
        }
        return endpoints
    }

    /// The JSON as it may be found.
    private struct Form: Decodable {
        typealias Endpoints = [String: [String: Port?]?]

        struct Port: Decodable {
            var transport: String?
            var number: Whole<UInt16>?

            enum CodingKeys: String, CodingKey {
                case transport = "Protocol"
                case number = "Port"
            }
        }

        struct Zone: Decodable {
            struct Name: Decodable {
                var name: String?
            }

            var zone: String?
            var forZones: [Name?]?
        }

        var cluster: String?
        var namespace: String?
        var name: String?
        var frontends: Endpoints?
        var backends: Endpoints?
        var hostnames: [String: String?]?
        var zones: [String: Zone?]?
        var labels: [String: String?]?
        var selector: [String: String?]?
        var includeExternal: Bool?
        var shared: Bool?
        var clusterID: Whole<UInt32>?
    }

    /// The JSON that is stored: Cilium's fields in Cilium's order; `hostnames` and `zones` only where there are any.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("cluster", cluster)
            writer.field("namespace", name.namespace)
            writer.field("name", name.name)
            writer.endpoints("frontends", frontends)
            writer.endpoints("backends", backends)
            if !hostnames.isEmpty { writer.map("hostnames", hostnames) }
            if !zones.isEmpty {
                writer.map("zones", zones) { writer, zone in
                    writer.object {
                        $0.field("zone", zone.zone)
                        $0.list("forZones", zone.forZones) { writer, name in writer.object { $0.field("name", name) } }
                    }
                }
            }
            writer.map("labels", labels)
            writer.map("selector", selector)
            writer.field("includeExternal", includeExternal)
            writer.field("shared", shared)
            writer.field("clusterID", clusterID)
        }
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func endpoints(_ name: String, _ endpoints: [ServiceEndpoint]) {
        // Go orders a map by the text of its keys, which is not the order of addresses.
        let byText = endpoints.map { ($0.address.description, $0.ports) }
        map(name, Dictionary(byText) { $1 }) { writer, ports in
            writer.object { writer in
                for port in ports {
                    writer.name(port.name)
                    writer.object {
                        $0.field("Protocol", port.transport)
                        $0.field("Port", port.number)
                    }
                }
            }
        }
    }
}
