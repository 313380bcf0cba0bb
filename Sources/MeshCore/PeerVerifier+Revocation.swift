extension PeerVerifier {
    /// The same rules, and nobody with a certificate that is revoked at the time of the judgement.
    ///
    /// - Parameter revoked: What is revoked now; called at every judgement, and must not wait.
    public func refusing(_ revoked: @escaping @Sendable () -> RevokedCertificates) -> PeerVerifier {
        PeerVerifier(reading: { leaf, chain in
            let judge = reading(leaf, chain)
            return { expected in
                let verdict = judge(expected)
                guard case .success(let peer) = verdict, let refusal = revoked().refusal(of: peer) else {
                    return verdict
                }
                return .failure(PeerVerificationError(refusal))
            }
        })
    }
}
