import MeshCore
import Testing

@Suite struct EtcdErrorTests {
    @Test func isShownAsEtcdsClientsShowIt() {
        #expect(
            EtcdError.compacted.description
                == "rpc error: code = OutOfRange desc = etcdserver: mvcc: required revision has been compacted")
        #expect(
            EtcdError.permissionDenied.description.hasPrefix("rpc error: code = PermissionDenied desc = etcdserver: "))
        #expect(StatusCode(rawValue: 99).description == "Code(99)")
        #expect(StatusCode(rawValue: -1).description == "Code(-1)")
        #expect(StatusCode.unauthenticated.description == "Unauthenticated")
    }

    @Test func isRetriableWhereTheSameRequestMaySucceedLater() {
        #expect(EtcdError.stopped.isRetriable)
        #expect(EtcdError.tooManyRequests.isRetriable)
        #expect(!EtcdError.compacted.isRetriable)
        #expect(!EtcdError.permissionDenied.isRetriable)
    }

    @Test func neverShowsAPrivateKey() {
        let credentials = TLSCredentials(certificateChain: "CHAIN", privateKey: "SECRET", trustedRoots: "ROOTS")
        #expect(!"\(credentials)".contains("SECRET"))
        #expect(!String(reflecting: credentials).contains("SECRET"))
    }
}
