// MeshTLS: certificates, from OpenSSL 3.
//
// It makes authorities and issues from them, reads and explains PEM files, verifies chains, keeps a cluster's
// certificates in one directory layout, issues and checks revocation lists, and makes the `PeerVerifier` that decides at
// every handshake and call whether a certificate belongs to the expected peer. It deals in PEM text and values: it must not know of sockets, gRPC or
// etcd. Every OpenSSL object lives inside one call and is freed by the one value that owns it; what is passed around
// is text, so everything public here can be used from any thread.
