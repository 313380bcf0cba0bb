// MeshStore: the MVCC engine.
//
// Keys with their versions, transactions, leases, history, compaction, snapshots, and watches as cursors into the
// history, all with etcd's semantics. A plain value (`StoreEngine`) decides everything; time reaches it as a number.
// `KVStore` is that value behind a lock, with a clock that ends leases while it runs, and `StoreReader` the part of it
// that a server gets: no path leads from a reader to a write. It must not know of the network, of protobuf-c or of other
// clusters.
