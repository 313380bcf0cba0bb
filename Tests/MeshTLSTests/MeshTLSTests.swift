// tests of MeshTLS
