// MeshStore: the MVCC engine.
//
// Keys with their versions, transactions, history, compaction, snapshots, and watches as cursors into the history, all
// with etcd's semantics. A plain value (`StoreEngine`) decides everything; `KVStore` is that value behind a lock, and
// `StoreReader` the part of it that a server gets: no path leads from a reader to a write. It must not know of the
// network, of protobuf-c or of other clusters.
