// tests of MeshViews
