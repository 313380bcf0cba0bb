internal import MeshCore

/// Whether what a certificate says makes its holder the expected peer: names, purpose and validity, nothing else.
enum PeerRules {
    /// Judges `certificate` at the time `now`, in seconds since 1970.
    static func check(
        _ certificate: CertificateDescription, _ expected: ExpectedPeer, at now: Int64
    ) throws(PeerVerificationError) {
        do {
            try certificate.checkValidity(at: now)
            switch expected {
            case .client: try certificate.checkPurpose(.client)
            case .server: try certificate.checkPurpose(.server)
            }
        } catch {
            throw PeerVerificationError(error.description)
        }
        switch expected {
        case .client: break
        case .server(let cluster, let hosts): try checkServerName(certificate, cluster, hosts)
        }
    }

    /// A name of the mesh says which cluster the server is of, whatever address it was reached at; without one, the
    /// address is all there is to compare. The common name never counts (RFC 6125 §6.4.4).
    private static func checkServerName(
        _ certificate: CertificateDescription, _ cluster: ClusterName?, _ hosts: [String]
    ) throws(PeerVerificationError) {
        if let cluster {
            let meshNames = certificate.dnsNames.map { HostName.normalized($0) }
                .filter { $0.hasSuffix("." + MeshDomain.name) }
            if !meshNames.isEmpty {
                let wanted = "\(cluster).\(MeshDomain.name)"
                guard meshNames.contains(wanted) || meshNames.contains(MeshDomain.everyCluster) else {
                    throw PeerVerificationError(
                        "the server is not of cluster \(cluster): its certificate (\(certificate.shortSubject)) is for "
                            + "\(listed(meshNames)), not for \(wanted)"
                    )
                }
                return
            }
        }
        guard !hosts.isEmpty else {
            throw PeerVerificationError(
                "nothing to compare the names of the certificate (\(certificate.shortSubject)) with: no host was given"
            )
        }
        for host in hosts {
            if let address = IPAddress(host: host) {
                if certificate.ipAddresses.contains(where: { IPAddress(host: $0) == address }) { return }
            } else if certificate.dnsNames.contains(where: { HostName.covers($0, host: host) }) {
                return
            }
        }
        let names = certificate.dnsNames + certificate.ipAddresses
        throw PeerVerificationError(
            "the server's certificate (\(certificate.shortSubject)) is for \(names.isEmpty ? "no host" : listed(names)), "
                + "not for \(listed(hosts))"
        )
    }

    /// At most eight of `names`, each cut short: a certificate can hold hundreds.
    private static func listed(_ names: [String]) -> String {
        let shown = names.prefix(8).map(CertificateDescription.shortened).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }
}
