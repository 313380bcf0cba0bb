// tests of MeshWatcher
