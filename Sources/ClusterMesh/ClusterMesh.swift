// ClusterMesh: the product. It puts the parts together for one cluster's agent and nothing else: an own store or a
// followed etcd, a server that shows it, a listener for the cluster's own writers, a mirror of each peer, the merged
// views, configuration and status; and, for `clustermesh serve`, settings, certificates and state in files that may change.
//
// What joins neighbours that may not know each other stands here: certificates from MeshTLS go to the transport of
// MeshRPC, what the mirrors of MeshMirror report goes to the views of MeshViews. It must not know a C library, and holds
// no logic that could be a state machine in one of the modules below: it alone looks at an operator's files.

@_exported public import MeshClient
@_exported public import MeshCore
@_exported public import MeshLocalAPI
@_exported public import MeshMirror
@_exported public import MeshRecords
@_exported public import MeshReplica
@_exported public import MeshStore
@_exported public import MeshTLS
@_exported public import MeshViews
@_exported public import MeshWatcher
