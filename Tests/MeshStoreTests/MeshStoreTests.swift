// tests of MeshStore
