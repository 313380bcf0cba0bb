// tests of ClusterMesh
