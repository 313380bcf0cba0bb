internal import MeshCore

/// What certificates were found to say, so that a peer's is not parsed anew at each of its calls.
///
/// What a PEM text says never changes, so nothing here can be out of date; only what was read without an error is kept.
final class KnownCertificates: Sendable {
    /// The most certificates that are kept; beyond, all are forgotten and learnt anew.
    static let capacity = 512

    /// The longest text, chain included, of which what it says is kept, in bytes: a peer chooses how long its chain is.
    static let maximumTextBytes = 16 << 10

    /// A peer's certificate, and those that it showed beside it.
    struct Shown: Hashable, Sendable {
        var leaf: CertificateDescription
        var intermediates: [CertificateID]
    }

    private struct Texts: Hashable, Sendable {
        var leaf: String
        var chain: String
    }

    private let known = Locked<[Texts: Shown]>([:])

    /// What a leaf and a chain, both PEM text, say; the chain may be empty, and may hold the leaf.
    func certificates(leaf: String, chain: String) throws(TLSError) -> Shown {
        let texts = Texts(leaf: leaf, chain: chain)
        if let shown = known.withLock({ $0[texts] }) { return shown }
        let description = try CertificateInspector.inspectFirst(pem: leaf)
        let others = chain.isEmpty || chain == leaf ? [] : try CertificateInspector.identifiers(pem: chain)
        let shown = Shown(
            leaf: description,
            intermediates: others.filter { $0.fingerprint != description.fingerprint }
        )
        guard leaf.utf8.count + chain.utf8.count <= Self.maximumTextBytes else { return shown }
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll() }
            known[texts] = shown
        }
        return shown
    }

    /// How many are kept.
    var count: Int { known.withLock { $0.count } }
}
