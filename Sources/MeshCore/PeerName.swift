/// By what a peer is counted where it has a share of something: the names in its certificate.
///
/// A renewed certificate has the same names, and so the same share; certificates that share their names, such as the one
/// with which all clusters of a mesh may read each other, share it as well. A certificate without a name is counted by
/// its fingerprint.
public struct PeerName: Hashable, Sendable {
    private var commonName: String?
    private var dnsNames: [String]
    private var uris: [String]
    private var fingerprint: String?

    /// The name of the holder of a certificate.
    public init(_ peer: PeerIdentity) {
        commonName = peer.commonName
        dnsNames = peer.dnsNames
        uris = peer.uris
        let isNameless = peer.commonName == nil && peer.dnsNames.isEmpty && peer.uris.isEmpty
        fingerprint = isNameless ? peer.fingerprint : nil
    }
}

extension PeerName: CustomStringConvertible {
    /// The first of the names, at most 100 characters of it.
    public var description: String {
        let name = commonName ?? dnsNames.first ?? uris.first ?? fingerprint ?? ""
        return name.count > 100 ? name.prefix(100) + "…" : name
    }
}
