// tests of MeshRPC
