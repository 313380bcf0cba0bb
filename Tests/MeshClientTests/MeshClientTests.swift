// tests of MeshClient
