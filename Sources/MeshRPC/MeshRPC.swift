// MeshRPC carries gRPC calls over mutual TLS, as server and as client, on top of gRPC's C core.
//
// It knows methods by their paths and messages as bytes. Who the other side is, it learns from a `PeerVerifier` that it
// is given. It must not know etcd, protobuf, OpenSSL, or what any message means.
//
// Threads: C core is started once in a process and stays until the process ends, with a few completion queues, each
// with one polling and one sending thread, shared by all servers and channels (`CoreRuntime`). No thread belongs to a
// server, a channel, a connection or a call. What runs on these threads never waits and is never a caller's handler.
//
// Memory that core writes into lies in a heap block of the batch that asked for it (`OperationBatch`); every core
// object has one owner type that releases it.
