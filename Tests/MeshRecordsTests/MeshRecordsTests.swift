// tests of MeshRecords
