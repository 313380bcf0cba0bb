// tests of MeshMirror
