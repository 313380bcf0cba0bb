import MeshTLS
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct CertificateExpiriesTests {
    @Test func theEndOfEachCertificateIsRead() throws {
        let first = try TestCertificates.client("a").certificateChain
        let second = try TestCertificates.shared.authority.issueClient(commonName: "b", validity: .seconds(86_400))
            .certificatePEM
        let expiries = CertificateExpiries()
        // The second time from memory, with the same answer.
        for _ in 0..<2 {
            let ends = expiries.read([first, second, first])
            #expect(ends.count == 2)
            #expect(ends[first] == (try CertificateInspector.inspectFirst(pem: first).notAfter))
            #expect(ends[second] == (try CertificateInspector.inspectFirst(pem: second).notAfter))
        }
        #expect(expiries.read([second]).keys.elementsEqual([second]))
    }

    @Test func whatIsNoCertificateHasNoEnd() {
        #expect(CertificateExpiries().read(["", "nothing"]).isEmpty)
    }
}
