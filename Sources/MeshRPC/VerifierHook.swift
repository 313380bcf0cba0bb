internal import CGRPC
internal import MeshCore
internal import Synchronization

/// Calls a ``PeerVerifier`` at every TLS handshake, after core has followed the chain to a trusted root.
///
/// Core itself compares no names when a hook like this is set: the verifier does.
///
/// `Sendable`: everything that changes is behind the lock, which no handshake waits for longer than an assignment.
final class VerifierHook: Sendable {
    /// The most refusals that are remembered until somebody asks for them.
    static let maximumRemembered = 16

    /// What happened at handshakes.
    struct History: Sendable {
        /// The identity of the last peer that was accepted.
        var accepted: PeerIdentity?
        /// Why the last peer was refused; `nil` once one was accepted after it.
        var refusal: String?
        /// Refusals that nobody has asked for yet.
        var unreported: [String] = []
        /// How many more there were than `unreported` holds.
        var unreportedCount = 0
        /// How many peers were accepted, and how many refused.
        var acceptedCount = 0
        var refusedCount = 0
    }

    private let verifier: PeerVerifier
    private let expected: ExpectedPeer
    private let history = Locked(History())

    init(_ verifier: PeerVerifier, expecting expected: ExpectedPeer) {
        self.verifier = verifier
        self.expected = expected
    }

    /// What happened at handshakes so far.
    var current: History { history.withLock { $0 } }

    /// How many peers were accepted, and how many refused.
    var counts: (accepted: Int, refused: Int) { history.withLock { ($0.acceptedCount, $0.refusedCount) } }

    /// The refusals since the last time, for a log; `more` did not fit.
    func takeRefusals() -> (refusals: [String], more: Int) {
        history.withLock { history in
            defer {
                history.unreported = []
                history.unreportedCount = 0
            }
            return (history.unreported, history.unreportedCount)
        }
    }

    /// Judges one peer; the text of a refusal goes to the caller.
    func judge(leaf: String, chain: String) -> String? {
        let verdict = verifier.judge(of: (leaf, chain))(expected)
        return history.withLock { history -> String? in
            switch verdict {
            case .success(let identity):
                history.accepted = identity
                history.acceptedCount += 1
                history.refusal = nil
                return nil
            case .failure(let error):
                history.refusal = error.message
                history.refusedCount += 1
                if history.unreported.count < Self.maximumRemembered {
                    history.unreported.append(error.message)
                } else {
                    history.unreportedCount += 1
                }
                return error.message
            }
        }
    }

    /// A core verifier that asks this hook, and keeps it alive; the caller must release it.
    func makeCoreVerifier() -> OpaquePointer? {
        let external = UnsafeMutablePointer<grpc_tls_certificate_verifier_external>.allocate(capacity: 1)
        let box = Unmanaged.passRetained(Registration(hook: self, external: external))
        external.initialize(
            to: grpc_tls_certificate_verifier_external(
                user_data: box.toOpaque(),
                verify: { pointer, request, _, _, status, details in
                    guard let pointer, let request = request?.pointee else { return 1 }
                    let registration = Unmanaged<Registration>.fromOpaque(pointer).takeUnretainedValue()
                    _ = registration.handOff.load(ordering: .acquiring)
                    let refusal = registration.hook.judge(
                        leaf: request.peer_info.peer_cert.map { String(cString: $0) } ?? "",
                        chain: request.peer_info.peer_cert_full_chain.map { String(cString: $0) } ?? ""
                    )
                    if let refusal {
                        status?.pointee = GRPC_STATUS_UNAUTHENTICATED
                        details?.pointee = gpr_strdup(refusal)
                    }
                    // Not zero: the verdict is complete at return.
                    return 1
                },
                cancel: { _, _ in },
                destruct: { pointer in
                    guard let pointer else { return }
                    let registration = Unmanaged<Registration>.fromOpaque(pointer).takeRetainedValue()
                    _ = registration.handOff.load(ordering: .acquiring)
                    registration.external.deallocate()
                }
            )
        )
        box.takeUnretainedValue().handOff.store(1, ordering: .releasing)
        return grpc_tls_certificate_verifier_external_create(external)
    }

    /// What core keeps: the hook, and the block that core reads the functions from, which must outlive the verifier.
    private final class Registration {
        let hook: VerifierHook
        let external: UnsafeMutablePointer<grpc_tls_certificate_verifier_external>
        /// Orders what was written here before what core's threads read: core orders it too, unseen by a sanitizer.
        let handOff = Atomic<UInt8>(0)

        init(hook: VerifierHook, external: UnsafeMutablePointer<grpc_tls_certificate_verifier_external>) {
            self.hook = hook
            self.external = external
        }
    }
}
