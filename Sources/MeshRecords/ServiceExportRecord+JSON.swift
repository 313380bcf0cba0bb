extension ServiceExportRecord {
    /// Reads the stored JSON. Fields may be missing or `null`; unknown ones are skipped.
    ///
    /// - Throws: ``RecordError`` that names the field.
    public init(decoding json: some Collection<UInt8>) throws(RecordError) {
        let form = try RecordJSON.decode(Form.self, json)
        var fields = Fields(
            cluster: form.cluster ?? "",
            name: ServiceName(namespace: form.namespace ?? "", name: form.name ?? ""),
            type: form.type ?? ""
        )
        fields.annotations = (form.annotations ?? [:]).mapValues { $0 ?? "" }
        fields.labels = (form.labels ?? [:]).mapValues { $0 ?? "" }
        fields.creationTime = form.exportCreationTimestamp?.text ?? ""
        fields.ports = (form.ports ?? []).compactMap { port in
            port.map {
                Port(
                    name: $0.name ?? "",
                    transport: $0.transport ?? "",
                    applicationProtocol: $0.appProtocol,
                    number: $0.port?.number ?? 0
                )
            }
        }
        fields.sessionAffinity = form.sessionAffinity ?? ""
        fields.sessionAffinitySeconds = form.sessionAffinityConfig?.clientIP?.timeoutSeconds?.number
        self.init(fields)
    }

    /// The JSON as it may be found.
    private struct Form: Decodable {
        struct Port: Decodable {
            var name: String?
            var transport: String?
            var appProtocol: String?
            var port: Whole<UInt16>?

            enum CodingKeys: String, CodingKey {
                case name, appProtocol, port
                case transport = "protocol"
            }
        }

        struct Affinity: Decodable {
            struct ClientIP: Decodable {
                var timeoutSeconds: Whole<UInt32>?
            }

            var clientIP: ClientIP?
        }

        var cluster: String?
        var name: String?
        var namespace: String?
        var annotations: [String: String?]?
        var labels: [String: String?]?
        var exportCreationTimestamp: TimeForm?
        var ports: [Port?]?
        var type: String?
        var sessionAffinity: String?
        var sessionAffinityConfig: Affinity?
    }

    /// The JSON that is stored: Cilium's fields in Cilium's order, those that may be left out only where they are set.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("cluster", cluster)
            writer.field("name", name.name)
            writer.field("namespace", name.namespace)
            if !annotations.isEmpty { writer.map("annotations", annotations) }
            if !labels.isEmpty { writer.map("labels", labels) }
            if creationTime.isEmpty {
                writer.nullField("exportCreationTimestamp")
            } else {
                writer.field("exportCreationTimestamp", creationTime)
            }
            writer.name("ports")
            writer.array { writer in
                for port in ports { writer.port(port) }
            }
            writer.field("type", type)
            writer.field("sessionAffinity", sessionAffinity)
            if let sessionAffinitySeconds {
                writer.name("sessionAffinityConfig")
                writer.object { writer in
                    writer.name("clientIP")
                    writer.object { $0.field("timeoutSeconds", sessionAffinitySeconds) }
                }
            }
        }
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func port(_ port: ServiceExportRecord.Port) {
        object { writer in
            if !port.name.isEmpty { writer.field("name", port.name) }
            if !port.transport.isEmpty { writer.field("protocol", port.transport) }
            if let applicationProtocol = port.applicationProtocol { writer.field("appProtocol", applicationProtocol) }
            writer.field("port", port.number)
        }
    }
}
