// MeshWatcher: the reading half of etcd's v3 API over one store, and the server that offers nothing else.
//
// `ReadServices` are everything that etcd can be asked without changing it, and gRPC's health protocol; they decide who
// may read which keys, also of watches that run when the answer changes. `WatcherServer` adds the refusal of every other
// RPC of etcd. A `WatchShard` finds, for each thread that sends, which watched ranges have events, and announces them to
// the streams that watch them; what a stream's session then sends to its watches is decided by a pure state machine, and
// the events are encoded once for all of them. It must not know of peers and their mirrors, of merged views or of what a
// key means, and it has no way to write: a `StoreReader` has no writing method, and the body of a write is never parsed.
