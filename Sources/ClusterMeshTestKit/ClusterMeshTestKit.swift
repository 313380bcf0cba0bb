// ClusterMeshTestKit
