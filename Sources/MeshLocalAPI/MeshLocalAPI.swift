// MeshLocalAPI: the door for the cluster's own agents.
//
// A second etcd v3 server over the own `KVStore`, on a listener of its own (the loopback, or a Unix socket), that also
// writes: KV, Lease and Watch as etcd has them, so that etcd's own client libraries work on it, and the agent's own
// service, `clustermesh.v1`. Who may write which keys is decided by a pure value (`WriteAdmission`); what reads is
// MeshWatcher's. It must not know of peers and their mirrors: nothing that another cluster sends can come this way, and
// the server that other clusters reach does not know this module.
