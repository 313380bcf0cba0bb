// MeshMirror
