internal import MeshCore

/// The verifier of a mirror's connections, which can become another one while a connection is open.
final class ReplaceableVerifier: Sendable {
    private struct State {
        var verifier: PeerVerifier
        /// What the server of the open connection showed.
        var shown: Shown?
    }

    private struct Shown {
        var leaf: String
        var chain: String
        var expected: ExpectedPeer
    }

    private let state: Locked<State>

    init(_ verifier: PeerVerifier) {
        state = Locked(State(verifier: verifier))
    }

    /// What connections are made with; every handshake is judged by the verifier of its time.
    var verifier: PeerVerifier {
        PeerVerifier { [self] leaf, chain, expected in
            let present = state.withLock { $0.verifier }
            let verdict = present.verify(leaf, chain, expected)
            if case .success = verdict {
                state.withLock { $0.shown = Shown(leaf: leaf, chain: chain, expected: expected) }
            }
            return verdict
        }
    }

    /// No connection is open any more.
    func connectionEnded() {
        state.withLock { $0.shown = nil }
    }

    /// Takes another verifier; answers why the server of the open connection is refused by it, `nil` if it is not.
    func replace(with verifier: PeerVerifier) -> PeerVerificationError? {
        let shown = state.withLock { state in
            state.verifier = verifier
            return state.shown
        }
        guard let shown, case .failure(let error) = verifier.verify(shown.leaf, shown.chain, shown.expected) else {
            return nil
        }
        return error
    }
}
