internal import MeshClient
internal import MeshCore
internal import Yams

/// Addresses that stand for hosts' names (Cilium's `cilium-host-aliases`), for peers that no DNS knows.
struct HostAliases: Hashable, Sendable {
    private var addresses: [String: [String]] = [:]

    /// None.
    init() {}

    /// Reads a list of `hostname` and `ips`.
    ///
    /// - Parameter fault: Makes an error of a message and the place that is meant.
    init(_ node: Node, fault: (String, Node?) -> PeerFault) throws(PeerFault) {
        if node.null != nil { return }
        guard let list = node.list else { throw fault("expected a list of 'hostname' and 'ips'", node) }
        for alias in list {
            guard let fields = alias.mapping else { throw fault("expected 'hostname' and 'ips'", alias) }
            guard let host = fields["hostname"]?.text else { throw fault("an alias has no 'hostname'", alias) }
            guard let ips = fields["ips"]?.list, !ips.isEmpty else {
                throw fault("the alias of '\(host)' has no 'ips'; give at least one address", alias)
            }
            var texts: [String] = []
            for ip in ips {
                let text = ip.text ?? ""
                do {
                    texts.append(try IPAddress(text).description)
                } catch {
                    throw fault("'\(text)' is no IP address for '\(host)'", ip)
                }
            }
            guard addresses.updateValue(texts, forKey: host.lowercased()) == nil else {
                throw fault("'\(host)' has two aliases; put all its addresses under one", alias)
            }
        }
    }

    /// The endpoint at each address of its host; the endpoint itself if its host has no alias.
    func resolve(_ endpoint: EtcdEndpoint) -> [EtcdEndpoint] {
        guard let addresses = addresses[endpoint.host.lowercased()] else { return [endpoint] }
        return addresses.map { EtcdEndpoint(host: endpoint.host, port: endpoint.port, address: $0) }
    }
}
