// MeshRPC carries gRPC calls over mutual TLS, as server and as client, on top of gRPC's C core.
//
// It knows methods by their paths and messages as bytes. Who the other side is, it learns from a `PeerVerifier` that it
// is given, together with what is revoked at the time; by the names in a certificate it counts what a client has open
// and does not read. It must not know etcd, protobuf, OpenSSL, or what any message means.
//
// Threads: C core is started once in a process and stays until the process ends, with a few completion queues, each
// with one polling and one sending thread, shared by all servers and channels (`CoreRuntime`). No thread belongs to a
// server, a channel, a connection or a call, but for one of core's own for each server, which looks once a second
// whether the server's credentials were replaced. What runs on our threads never waits: a stream's driver, an immediate
// answer to a unary call, a handler of all of a client's messages and a shard's work promise that; any other handler
// runs in a task.
//
// Memory that core writes into lies in a heap block of the batch or the stream that asked for it (`OperationBatch`,
// `StreamPlace`); every core object has one owner type that releases it.
