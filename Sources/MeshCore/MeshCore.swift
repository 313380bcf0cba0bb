// MeshCore: the vocabulary every other module speaks.
//
// Keys, ranges, revisions, pairs, events, requests with their answers, errors, cluster names and IDs, what a
// certificate says about a peer, and the one lock. Values only: it must not know of sockets, files, protobuf-c,
// TLS libraries or time, and it imports nothing but the C library's mutex.
