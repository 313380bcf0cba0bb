import Testing

@testable import MeshReplica

@Suite struct EtcdVersionTests {
    @Test(arguments: ["3.4.31", "3.4.35", "3.5.13", "3.5.30", "3.6.0", "3.6.0-rc.1", "3.7.2", "4.0.0"])
    func answersRequestsForProgressRightly(version: String) {
        #expect(EtcdVersion.progressFault(of: version) == nil)
    }

    @Test(arguments: ["3.4.23", "3.4.30", "3.5.0", "3.5.12", "3.3.27", "3.0.0", "2.3.8"])
    func doesNotAnswerRequestsForProgressRightly(version: String) throws {
        let fault = try #require(EtcdVersion.progressFault(of: version))
        #expect(fault.contains(version) && fault.contains("follow all keys"))
    }

    @Test(arguments: ["", "3", "3.5", "three.five.one", "3.5.x", "-", "3.5.13.1", "99999999999999999999.1.1"])
    func whatIsNoVersionIsNotRelyedOn(version: String) throws {
        #expect(try #require(EtcdVersion.progressFault(of: version)).contains("form 3.x.y"))
    }
}
