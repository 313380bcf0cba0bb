// MeshRecords: what the keys and values of a cluster's state mean.
//
// Nodes, services, identities, IPs and the cluster config in Cilium's key layout and encodings, IP addresses and
// prefixes, and the checks that a record of a peer must pass. Values and pure functions only: it must not know of
// networks, stores, files or of how records of several clusters are merged.
