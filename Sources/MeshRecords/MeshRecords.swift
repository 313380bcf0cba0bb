// MeshRecords: what the keys and values of a cluster's state mean.
//
// Nodes, services, service exports, identities, IPs and the cluster config in Cilium's key layouts and encodings, and the
// checks that a record of a peer must pass. JSON of nodes and IPs, which come by the hundred thousand, is read with
// simdjson, all other with FoundationEssentials. Values and pure functions only: it must not know of networks, stores,
// files or of how records of several clusters are merged.
