// tests of MeshCore
