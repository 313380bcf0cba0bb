// tests of MeshWire
