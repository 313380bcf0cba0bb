import MeshCore
import Testing

@testable import MeshTLS

@Suite struct CertificateAddressTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("::1", "::1"), ("[::1]", "::1"), ("0:0:0:0:0:0:0:1", "::1"),
        ("FD00::00AB", "fd00::ab"), ("::ffff:10.0.0.1", "10.0.0.1"), ("255.255.255.255", "255.255.255.255"),
    ])
    func isReadAndWrittenInOneForm(text: String, usual: String) {
        #expect(IPAddress(host: text)?.description == usual)
    }

    @Test(arguments: [
        "", "1", "10.0.0", "10.0.0.256", "010.0.0.1.1", "::1::", "fe80::1%eth0", "10.0.0.1:80", "[10.0.0.1",
        "a.example",
    ])
    func isNotMadeOfOtherText(text: String) {
        #expect(IPAddress(host: text) == nil)
    }

    @Test(arguments: [0, 1, 3, 5, 15, 17, 32])
    func hasFourOrSixteenBytes(count: Int) {
        #expect(IPAddress(certificateBytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test func doesNotEndAtAZeroByte() {
        #expect(IPAddress(host: "10.0.0.1\0") == nil)
    }
}
