import MeshCore
import TestSupport
import Testing

@testable import MeshTLS

/// The transport's thread has errors of its own in OpenSSL's queue: see ``OpenSSLFailure``.
@Suite struct OpenSSLFailureTests {
    @Test func aFailureLeavesNothingInTheQueueOfItsThread() throws {
        try OpenSSLFailure.contained { () throws(TLSError) in
            #expect(OpenSSLFailure.text == nil)
            #expect(throws: TLSError.self) { try CertificateInspector.inspect(pem: "garbage") }
            #expect(throws: TLSError.self) { try CertificateInspector.checkKey("garbage", of: "garbage") }
            _ = PeerVerifier.mesh().verify("garbage", "", .client)
            #expect(OpenSSLFailure.text == nil)
        }
    }

    @Test func anErrorThatWasThereBeforeStaysThere() throws {
        try OpenSSLFailure.contained { () throws(TLSError) in
            #expect(throws: TLSError.self) { _ = try PrivateKey(pem: "garbage") }
            let before = OpenSSLFailure.text
            #expect(before != nil)
            #expect(throws: TLSError.self) { try CertificateInspector.inspect(pem: "") }
            #expect(OpenSSLFailure.text == before)
        }
        #expect(OpenSSLFailure.text == nil)
    }
}
