// MeshWatcher: the reading half of etcd's v3 API over one store, and the server that offers nothing else.
//
// `ReadServices` are everything that etcd can be asked without changing it, and gRPC's health protocol; they decide who
// may read which keys, also of watches that run when the answer changes. `WatcherServer` adds the refusal of every other RPC of etcd. What a session of watches does is
// decided by a pure state machine; events are encoded once for all watches that want the same ones. It must not know of
// peers and their mirrors, of merged views or of what a key means, and it has no way to write: a `StoreReader` has no
// writing method, and the body of a write is never parsed.
