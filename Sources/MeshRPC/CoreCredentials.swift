internal import CGRPC
internal import MeshCore

/// Core's credentials for mutual TLS, made of PEM text and a hook that judges the peer.
enum CoreCredentials {
    /// Credentials of a server, which demands and verifies its clients' certificates; the caller must release them.
    ///
    /// Core reads them from `directory`, now and whenever they have changed.
    static func makeServer(_ directory: CredentialsDirectory, _ hook: VerifierHook) -> OpaquePointer? {
        let provider = grpc_tls_certificate_provider_file_watcher_create(
            directory.key,
            directory.certificate,
            directory.roots,
            CredentialsDirectory.refreshSeconds
        )
        let options = makeOptions(provider, hook)
        grpc_tls_credentials_options_set_cert_request_type(
            options,
            GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
        )
        return grpc_tls_server_credentials_create(options)
    }

    /// Credentials of a channel; the caller must release them.
    static func makeClient(_ credentials: TLSCredentials, _ hook: VerifierHook) -> OpaquePointer? {
        let pairs = grpc_tls_identity_pairs_create()
        grpc_tls_identity_pairs_add_pair(pairs, credentials.privateKey, credentials.certificateChain)
        // Takes the pairs over.
        let provider = grpc_tls_certificate_provider_static_data_create(credentials.trustedRoots, pairs)
        let options = makeOptions(provider, hook)
        grpc_tls_credentials_options_set_verify_server_cert(options, 1)
        // The hook compares names, once for a connection, by our own rules.
        grpc_tls_credentials_options_set_check_call_host(options, 0)
        return grpc_tls_credentials_create(options)
    }

    /// Options with a provider, which is released here, and a hook.
    private static func makeOptions(_ provider: OpaquePointer?, _ hook: VerifierHook) -> OpaquePointer? {
        let options = grpc_tls_credentials_options_create()
        grpc_tls_credentials_options_set_certificate_provider(options, provider)
        grpc_tls_certificate_provider_release(provider)
        grpc_tls_credentials_options_watch_root_certs(options)
        grpc_tls_credentials_options_watch_identity_key_cert_pairs(options)
        let verifier = hook.makeCoreVerifier()
        grpc_tls_credentials_options_set_certificate_verifier(options, verifier)
        grpc_tls_certificate_verifier_release(verifier)
        return options
    }

    /// What is wrong with credentials at first sight; `nil` if they look like PEM. Core would only fail each handshake.
    static func fault(of credentials: TLSCredentials) -> String? {
        for (name, text, label) in [
            ("certificate", credentials.certificateChain, "CERTIFICATE-----"),
            ("private key", credentials.privateKey, "PRIVATE KEY-----"),
            ("trusted roots", credentials.trustedRoots, "CERTIFICATE-----"),
        ] where !text.contains("-----BEGIN ") || !text.contains(label) {
            return "the \(name) of the credentials is not PEM text"
        }
        return nil
    }
}
