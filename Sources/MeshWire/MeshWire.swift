// MeshWire: etcd's messages as bytes, and as values of MeshCore.
//
// Requests come from anyone: their size, depth and number of fields are checked in one pass before protobuf-c unpacks
// them (it has no limit of its own). Answers are walked over in place, because a received pair is kept as the bytes
// that it came as. What we send is written field by field in protobuf's canonical order; tests hold it to protobuf-c's
// own encoding. Every function is pure. The module must not know of gRPC, sockets, stores or what keys mean.
