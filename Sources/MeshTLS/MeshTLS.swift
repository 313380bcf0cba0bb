// MeshTLS
