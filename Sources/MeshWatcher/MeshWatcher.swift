// MeshWatcher: the read-only etcd v3 server over one store.
//
// It answers Range and Watch out of a `StoreReader`, decides who may read which keys, and refuses every other RPC of
// etcd. What a session of watches does is decided by a pure state machine; events are encoded once for all watches
// that want the same ones. It must not know of peers and their mirrors, of merged views or of what a key means, and
// it has no way to write: a `StoreReader` has no writing method, and the body of a write is never parsed.
