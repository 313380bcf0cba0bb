import MeshClient
import Testing

struct EtcdEndpointTests {
    @Test(
        "a URL gives host and port",
        arguments: [
            ("https://athens.mesh.cilium.io:2379", "athens.mesh.cilium.io", 2379),
            ("https://127.0.0.1:32379/", "127.0.0.1", 32379),
            ("https://[::1]:2380", "::1", 2380),
            ("https://localhost", "localhost", 2379),
            ("https://[fd00::7]", "fd00::7", 2379),
        ]
    )
    func valid(url: String, host: String, port: Int) throws {
        let endpoint = try EtcdEndpoint(url: url)
        #expect(endpoint == EtcdEndpoint(host: host, port: port))
    }

    @Test(
        "what is not https://host:port is refused with the text and the form that would be right",
        arguments: [
            "", "athens:2379", "http://athens:2379", "https://", "https://:2379", "https://athens:", "https://athens:0",
            "https://athens:65536", "https://athens:x", "https://athens:-1", "https://[::1", "https://[::1]2379",
            "https://a/b:1", "https://user@athens:1", "https://a b:1", "https://athens:1?x",
        ]
    )
    func invalid(url: String) {
        #expect {
            try EtcdEndpoint(url: url)
        } throws: { error in
            "\(error)".contains("'\(url)'") && "\(error)".contains("https://host:port")
        }
    }

    @Test("the description is the URL, with the dialled address")
    func description() {
        #expect("\(EtcdEndpoint(host: "::1", port: 1))" == "https://[::1]:1")
        #expect("\(EtcdEndpoint(host: "a", port: 2, address: "10.0.0.1"))" == "https://a:2 (at 10.0.0.1)")
    }
}
