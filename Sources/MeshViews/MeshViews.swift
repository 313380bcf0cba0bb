// MeshViews: one picture of many clusters.
//
// Global services, the IP cache, identities and nodes, each merged from the records of the local cluster and of its
// peers, read without waiting, and followed as they change. It knows records and nothing of where they come from: no
// networks, no stores, no mirrors.
