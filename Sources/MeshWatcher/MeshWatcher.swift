// MeshWatcher
