import MeshCore

@testable import ClusterMesh
@testable import MeshTLS

extension ConnectableCluster {
    /// A cluster with a directory of its name, of the mesh whose authority's certificate has this fingerprint.
    static func sample(
        _ name: String, id: Int, space: ClusterID.Space = .clusters255, authorities: [String] = ["aa11"],
        podCIDRs: [String] = []
    ) throws -> ConnectableCluster {
        let descriptions = authorities.map { certificate("CN=\($0) CA", issuer: "CN=\($0) CA", fingerprint: $0) }
        return ConnectableCluster(
            directory: name,
            name: try ClusterName(name),
            id: try ClusterID(id, in: space),
            idSpace: space,
            endpoints: ["https://\(name).example:2379"],
            podCIDRs: try podCIDRs.map { try IPPrefix($0) },
            authorityFile: "\(name)/ca.crt",
            authorities: descriptions,
            client: Client(
                certificate: "\(name)/clients/remote-\(name).crt", key: "\(name)/clients/remote-\(name).key",
                description: certificate(
                    "CN=remote-\(name)", name: "remote-\(name)", issuer: descriptions.first?.subject ?? "",
                    fingerprint: "cc33")),
            peersDirectory: "\(name)/peers"
        )
    }

    static func certificate(
        _ subject: String, name: String? = nil, issuer: String, fingerprint: String
    ) -> CertificateDescription {
        CertificateDescription(
            subject: subject, commonName: name, dnsNames: [], uris: [], ipAddresses: [], issuer: issuer,
            serialNumber: "01", fingerprint: fingerprint, notBefore: 0, notAfter: 1, isAuthority: name == nil)
    }
}
