// MeshRecords
