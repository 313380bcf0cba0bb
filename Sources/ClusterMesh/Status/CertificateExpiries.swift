internal import MeshCore
internal import MeshTLS

/// When certificates end, which is asked for far more often than one changes. As many are kept as were asked for last.
final class CertificateExpiries: Sendable {
    private let known = Locked<[String: Int64]>([:])

    /// When the first certificate of each PEM text ends, in seconds since 1970; one that cannot be read is left out.
    func read(_ texts: [String]) -> [String: Int64] {
        let before = known.withLock { $0 }
        var ends: [String: Int64] = [:]
        for text in texts where ends[text] == nil {
            ends[text] = before[text] ?? (try? CertificateInspector.inspectFirst(pem: text))?.notAfter
        }
        known.withLock { $0 = ends }
        return ends
    }
}
