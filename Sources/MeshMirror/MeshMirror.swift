// MeshMirror: one peer's state, read-only.
//
// Connects to the peer's etcd-like server, makes sure that it is the cluster it is said to be, follows its records,
// keeps them while the peer is away, and tells subscribers what changed. It must not know of the local store, of other
// peers, or of how several clusters' records are merged.
