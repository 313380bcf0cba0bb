// MeshWire
