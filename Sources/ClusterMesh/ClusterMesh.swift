// ClusterMesh
