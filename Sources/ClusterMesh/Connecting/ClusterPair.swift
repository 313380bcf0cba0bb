internal import MeshCore
internal import MeshTLS

/// Two clusters that are to mirror each other, found to go together.
public struct ClusterPair: Sendable {
    /// One of them.
    public let first: ConnectableCluster
    /// The other one.
    public let second: ConnectableCluster

    /// Checks that two clusters can be connected.
    ///
    /// - Throws: ``ClusterConnectionError`` with every reason why they cannot be.
    public init(_ first: ConnectableCluster, _ second: ConnectableCluster) throws(ClusterConnectionError) {
        let reasons =
            Self.faults(ofNumbers: first, second) + Self.faults(ofAuthorities: first, second)
            + Self.faults(ofCertificate: first, to: second) + Self.faults(ofCertificate: second, to: first)
            + Self.faults(ofRanges: first, second)
        guard reasons.isEmpty else { throw ClusterConnectionError(reasons) }
        self.first = first
        self.second = second
    }

    private static func faults(ofNumbers first: ConnectableCluster, _ second: ConnectableCluster) -> [String] {
        var reasons: [String] = []
        if first.name == second.name {
            reasons.append(
                "\(first.directory) and \(second.directory) are both called '\(first.name)'; names are unique in a mesh"
            )
        }
        if first.id == second.id {
            reasons.append(
                "'\(first.name)' and '\(second.name)' both have ID \(first.id); IDs are unique in a mesh, as identities "
                    + "are numbered by them")
        }
        if first.idSpace != second.idSpace {
            reasons.append(
                "'\(first.name)' is set up for \(first.idSpace.rawValue) clusters and '\(second.name)' for "
                    + "\(second.idSpace.rawValue); 'max-clusters' must be the same in all clusters of a mesh")
        }
        return reasons
    }

    /// Each must trust the one that issues for the other.
    private static func faults(ofAuthorities first: ConnectableCluster, _ second: ConnectableCluster) -> [String] {
        [(first, second), (second, first)].compactMap { cluster, other in
            guard let issuer = other.authorities.first,
                !cluster.authorities.contains(where: { $0.fingerprint == issuer.fingerprint })
            else { return nil }
            return "\(cluster.authorityFile) lacks the authority of '\(other.name)', \(issuer.subject) (SHA-256 "
                + "\(issuer.fingerprint.prefix(16))…); clusters that are connected trust each other's: let one inherit "
                + "the other's with 'clustermesh certs ca', or put both certificates into both files"
        }
    }

    /// What a cluster shows must be what the other one lets in.
    private static func faults(
        ofCertificate cluster: ConnectableCluster, to other: ConnectableCluster
    ) -> [String] {
        let certificate = cluster.client.description
        let expected = "remote-\(cluster.name)"
        guard certificate.commonName == expected else {
            return [
                "\(cluster.client.certificate) is \(certificate.subject); other clusters let '\(cluster.name)' read as "
                    + "CN=\(expected)"
            ]
        }
        let isTrusted = other.authorities.contains { authority in
            authority.subject == certificate.issuer
                && (certificate.authorityKeyID == nil || certificate.authorityKeyID == authority.subjectKeyID)
        }
        return isTrusted
            ? []
            : ["\(cluster.client.certificate) comes from \(certificate.issuer), which '\(other.name)' does not trust"]
    }

    private static func faults(ofRanges first: ConnectableCluster, _ second: ConnectableCluster) -> [String] {
        guard let (mine, theirs) = overlap(first.podCIDRs, second.podCIDRs) else { return [] }
        return [
            "the pods' addresses overlap: \(mine) of '\(first.name)' and \(theirs) of '\(second.name)'; an address must "
                + "be one pod's in the whole mesh"
        ]
    }

    /// The first two ranges with an address in common, one of each list. O(n log n): two ranges are nested or apart, so
    /// that in their order a range can overlap only those that it lies in, or that lie in it.
    static func overlap(_ first: [IPPrefix], _ second: [IPPrefix]) -> (IPPrefix, IPPrefix)? {
        let all = first.map { (range: $0.masked, isFirst: true) } + second.map { (range: $0.masked, isFirst: false) }
        var enclosing: [(range: IPPrefix, isFirst: Bool)] = []
        for entry in all.sorted(by: { $0.range < $1.range }) {
            while let last = enclosing.last, !last.range.contains(entry.range) { enclosing.removeLast() }
            if let other = enclosing.first(where: { $0.isFirst != entry.isFirst }) {
                return entry.isFirst ? (entry.range, other.range) : (other.range, entry.range)
            }
            enclosing.append(entry)
        }
        return nil
    }
}
