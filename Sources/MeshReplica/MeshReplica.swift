// MeshReplica: following this cluster's own etcd.
//
// One real etcd, reached at one to five endpoints, is listed and watched over one connection, and a `ReplicatedStore` is
// told all of it: pairs, revisions, terms. Reads of that store that must be fresh are confirmed by a linearizable read
// of the etcd, shared by all that wait for one. Two plain values decide (`ReplicaStateMachine`: connections, and what a
// batch means to the store; `FreshReads`: who waits for what), `EtcdReplica` does it. It must not know of other
// clusters, of what a key means, or of who reads the store; and nothing here can write to the etcd.
