// MeshClient: reading any etcd v3 server.
//
// Endpoints, back-off, paged ranges, watches, and the one machine that lists a range, watches it, resumes after a cut,
// and notices when the store behind an address is another one. Mirrors of peers and replicas of a cluster's own etcd
// are both driven by it. It must not know of stores, of what a key means, or of who wants to hear of changes; and it
// has no request that would write.
