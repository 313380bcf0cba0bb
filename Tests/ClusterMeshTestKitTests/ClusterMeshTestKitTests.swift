// tests of ClusterMeshTestKit
