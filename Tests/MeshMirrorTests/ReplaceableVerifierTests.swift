import MeshCore
import Testing

@testable import MeshMirror

struct ReplaceableVerifierTests {
    /// Accepts the certificates of these names.
    private func accepting(_ names: Set<String>) -> PeerVerifier {
        PeerVerifier { leaf, _, _ in
            names.contains(leaf)
                ? .success(PeerIdentity(commonName: leaf)) : .failure(PeerVerificationError("\(leaf) is revoked"))
        }
    }

    private let expected = ExpectedPeer.server(cluster: nil, hosts: ["h"])

    @Test("every handshake is judged by the verifier of its time")
    func handshakes() {
        let replaceable = ReplaceableVerifier(accepting(["a"]))
        let verifier = replaceable.verifier
        #expect(throws: Never.self) { try verifier.verify("a", "", expected).get() }
        #expect(replaceable.replace(with: accepting(["b"]))?.message == "a is revoked")
        #expect(throws: PeerVerificationError.self) { try verifier.verify("a", "", expected).get() }
        #expect(throws: Never.self) { try verifier.verify("b", "", expected).get() }
    }

    @Test("the server of the open connection is judged anew, a refused or a former one is not")
    func openConnection() {
        let replaceable = ReplaceableVerifier(accepting(["a"]))
        #expect(replaceable.replace(with: accepting([])) == nil, "no connection is open")
        _ = replaceable.replace(with: accepting(["a"]))
        _ = replaceable.verifier.verify("x", "", expected)
        #expect(replaceable.replace(with: accepting(["a"])) == nil, "it was not let in")
        _ = replaceable.verifier.verify("a", "", expected)
        #expect(replaceable.replace(with: accepting(["a", "b"])) == nil)
        replaceable.connectionEnded()
        #expect(replaceable.replace(with: accepting([])) == nil, "the connection has ended")
    }
}
