// MeshViews
