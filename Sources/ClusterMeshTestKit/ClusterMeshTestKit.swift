// ClusterMeshTestKit: what the users of ClusterMesh test their own agents with.
//
// In-process clusters over real TLS sockets on loopback (`TestMesh`), throw-away certificates for them, a TCP relay
// that stalls, cuts, delays and throttles (`FaultyLink`), a judge of what watches were sent (`WatchHistoryValidator`),
// and a server of very many made-up clusters that change all the time (`ClusterProducer`). It knows the product's public face and the engines that it sets up; nothing of the product
// knows it.
