import MeshLocalAPI
import Testing

@Suite struct LocalAddressTests {
    @Test(arguments: [
        ("127.0.0.1:2379", LocalAddress.tcp(host: "127.0.0.1", port: 2_379), "https://127.0.0.1:2379"),
        ("localhost:0", .tcp(host: "localhost", port: 0), "https://localhost:0"),
        ("[::1]:65535", .tcp(host: "::1", port: 65_535), "https://[::1]:65535"),
        ("unix:/run/mesh/local.sock", .unix(path: "/run/mesh/local.sock"), "unixs:///run/mesh/local.sock"),
    ])
    func whatPeopleWriteIsReadAndWrittenAlike(text: String, address: LocalAddress, endpoint: String) throws {
        #expect(try LocalAddress(parsing: text) == address)
        #expect(address.description == text)
        #expect(address.endpoint == endpoint)
    }

    @Test(arguments: [
        ("", "no port"), ("localhost", "no port"), ("127.0.0.1:", "is not a port"),
        ("127.0.0.1:70000", "is not a port"),
        ("127.0.0.1:-1", "is not a port"), ("127.0.0.1:２", "is not a port"), (":2379", "no host"),
        ("::1:2379", "brackets"), ("[::1:2379", "brackets"), ("[localhost]:1", "not an IPv6 address"),
        ("[]:1", "not an IPv6 address"), ("unix:", "absolute"), ("unix:run/local.sock", "absolute"),
        ("127.0.0.1:99999999999999999999", "is not a port"),
    ])
    func whatIsNoAddressIsShownWithTheFault(text: String, fault: String) {
        let error = #expect(throws: LocalAddressError.self) { try LocalAddress(parsing: text) }
        #expect(error?.message.contains("'\(text)'") == true)
        #expect(error?.message.contains(fault) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("unix:PATH") == true)
    }

    @Test func theDefaultIsTheLoopback() {
        #expect(LocalAddress.loopback() == .tcp(host: "127.0.0.1", port: 0))
        #expect(LocalAddress.loopback(port: 9) == .tcp(host: "127.0.0.1", port: 9))
    }
}
