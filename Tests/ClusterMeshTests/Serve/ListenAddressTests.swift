import Testing

@testable import ClusterMesh

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:2379", ListenAddress.port(2379, host: "127.0.0.1")),
        ("[::1]:0", .port(0, host: "::1")),
        ("localhost:65535", .port(65_535, host: "localhost")),
        ("unix:/run/mesh/agent.sock", .unix(path: "/run/mesh/agent.sock")),
    ])
    func anAddressIsReadAndWrittenTheSameWay(_ text: String, _ address: ListenAddress) throws {
        #expect(try ListenAddress(parsing: text) == address)
        #expect("\(address)" == text)
    }

    @Test(arguments: [
        ("127.0.0.1", "has no port"), ("127.0.0.1:", "has no port in 0…65535"), ("127.0.0.1:65536", "0…65535"),
        ("127.0.0.1:+1", "0…65535"), ("127.0.0.1:http", "0…65535"), (":2379", "names no address"), ("", "has no port"),
        ("::1:2379", "without brackets"), ("[::1]", "has no port in"), ("[localhost]:1", "no IPv6 address"),
        ("unix:", "needs an absolute path"), ("unix:relative.sock", "absolute"),
        ("unix:/" + String(repeating: "a", count: 107), "1 to 107 bytes"),
        ("https://127.0.0.1:2379", "write it as address:port"),
    ])
    func whatIsNoAddressIsRefusedWithWhatIsWrong(_ text: String, _ reason: String) {
        let error = #expect(throws: ListenAddressError.self) { try ListenAddress(parsing: text) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}
