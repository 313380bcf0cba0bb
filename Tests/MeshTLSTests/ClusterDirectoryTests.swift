import Foundation
import MeshCore
import MeshTLS
import TestSupport
import Testing

@Suite struct ClusterDirectoryTests {
    private let place: TemporaryDirectory
    private let athens: ClusterDirectory
    private let hurup: ClusterDirectory
    private let authority: CertificateAuthority

    init() throws {
        place = try TemporaryDirectory()
        athens = ClusterDirectory(place.file("athens"))
        hurup = ClusterDirectory(place.file("hurup/"))
        authority = try TestCertificates.shared.authority
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func theLayoutIsAsDocumented() throws {
        #expect(hurup.path == place.file("hurup"))
        #expect(hurup.authorityCertificate == place.file("hurup/ca.crt"))
        #expect(hurup.authorityKey == place.file("hurup/ca.key"))
        #expect(hurup.serverCertificate == place.file("hurup/server.crt"))
        #expect(hurup.serverKey == place.file("hurup/server.key"))
        #expect(try hurup.clientCertificate("remote-kos") == place.file("hurup/clients/remote-kos.crt"))
        #expect(try hurup.clientKey("remote-kos") == place.file("hurup/clients/remote-kos.key"))
    }

    @Test(arguments: [
        "", ".", "..", ".hidden", "a/b", "../up", "two words", "ä", String(repeating: "a", count: 65),
    ])
    func aClientNameThatIsNoFileNameIsRefused(name: String) {
        let error = #expect(throws: TLSError.self) { try athens.clientCertificate(name) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func aClientNameDoesNotEndAtAZeroByte() {
        #expect(throws: TLSError.self) { try athens.clientCertificate("remote\0") }
    }

    @Test func everythingComesBackAsItWasSaved() throws {
        let server = try authority.issueServer(cluster: ClusterName("athens"))
        let client = try authority.issueClient(commonName: "remote-athens")
        try athens.save(authority)
        try athens.saveServer(server)
        try athens.saveClient(client, commonName: "remote-athens")
        #expect(try athens.loadAuthority().certificatePEM == authority.certificatePEM)
        #expect(try athens.loadServerCredentials() == server.credentials(trusting: authority.certificatePEM))
        #expect(
            try athens.loadClientCredentials("remote-athens") == client.credentials(trusting: authority.certificatePEM)
        )
        #expect(try athens.clientNames() == ["remote-athens"])
    }

    @Test func keysAreForTheirOwnerOnly() throws {
        try athens.save(authority)
        try athens.saveServer(authority.issueServer(cluster: ClusterName("athens")))
        try athens.saveClient(authority.issueClient(commonName: "remote"), commonName: "remote")
        for key in [athens.authorityKey, athens.serverKey, try athens.clientKey("remote")] {
            #expect(try mode(key) == 0o600)
        }
    }

    @Test func anAuthorityReadFromItsFilesIssuesForItsRoots() throws {
        try athens.save(authority)
        let issued = try athens.loadAuthority().issueClient(commonName: "remote-kos")
        try CertificateInspector.verify(
            chain: issued.certificatePEM, roots: authority.certificatePEM, purpose: .client,
            at: Int64(Date().timeIntervalSince1970)
        )
    }

    @Test func anInheritedAuthorityComesWithoutItsKey() throws {
        try athens.save(authority)
        #expect(try hurup.inheritAuthority(from: athens))
        #expect(try !hurup.inheritAuthority(from: athens))
        #expect(try place.read("hurup/ca.crt") == authority.certificatePEM)
        let error = #expect(throws: TLSError.self) { try hurup.loadAuthority() }
        #expect(error?.code == .fileMissing)
        #expect(error?.file == hurup.authorityKey)
        // Handed on, it is still the same.
        let kos = ClusterDirectory(place.file("kos"))
        #expect(try kos.inheritAuthority(from: hurup))
        #expect(try place.read("kos/ca.crt") == authority.certificatePEM)
    }

    @Test func anotherAuthorityIsInheritedOnlyWhenAsked() throws {
        let foreign = ClusterDirectory(place.file("foreign"))
        try athens.save(authority)
        try foreign.save(TestCertificates.foreign.authority)
        try hurup.inheritAuthority(from: athens)
        let error = #expect(throws: TLSError.self) { try hurup.inheritAuthority(from: foreign) }
        #expect(error?.code == .fileExists)
        #expect(try place.read("hurup/ca.crt") == authority.certificatePEM)
        #expect(try hurup.inheritAuthority(from: foreign, replacing: true))
        #expect(try place.read("hurup/ca.crt") == TestCertificates.foreign.authority.certificatePEM)
    }

    @Test func theOwnAuthorityIsNeverGivenUpForAnother() throws {
        let foreign = ClusterDirectory(place.file("foreign"))
        try athens.save(authority)
        try foreign.save(TestCertificates.foreign.authority)
        let error = #expect(throws: TLSError.self) { try athens.inheritAuthority(from: foreign, replacing: true) }
        #expect(error?.code == .ownAuthority)
        #expect(try athens.loadAuthority().certificatePEM == authority.certificatePEM)
    }

    @Test func whatIsNoAuthorityIsNotInherited() throws {
        try place.write(TestCertificates.client().certificateChain, to: "athens/ca.crt")
        let error = #expect(throws: TLSError.self) { try hurup.inheritAuthority(from: athens) }
        #expect(error?.code == .notAnAuthority)
        #expect(error?.file == athens.authorityCertificate)
        try place.write("garbage", to: "athens/ca.crt")
        let other = #expect(throws: TLSError.self) { try hurup.inheritAuthority(from: athens) }
        #expect(other?.code == .noCertificate)
        #expect(!FileManager.default.fileExists(atPath: hurup.path))
    }

    @Test func aPairIsReplacedOnlyWhenAskedAndThenWhole() throws {
        let first = try authority.issueServer(cluster: ClusterName("athens"))
        let second = try authority.issueServer(cluster: ClusterName("athens"))
        try athens.saveServer(first)
        // Even where only one of the two is there.
        try FileManager.default.removeItem(atPath: athens.serverKey)
        let error = #expect(throws: TLSError.self) { try athens.saveServer(second) }
        #expect(error?.code == .fileExists)
        #expect(error?.file == athens.serverCertificate)
        #expect(!FileManager.default.fileExists(atPath: athens.serverKey))
        try athens.saveServer(second, replacing: true)
        #expect(try place.read("athens/server.crt") == second.certificatePEM)
        #expect(try place.read("athens/server.key") == second.privateKeyPEM)
    }

    @Test func anAuthoritysFilesThatDoNotFitAreNamed() throws {
        try athens.save(authority)
        let other = try TestCertificates.client().privateKey
        try place.write(other, to: "athens/ca.key")
        let mismatch = #expect(throws: TLSError.self) { try athens.loadAuthority() }
        #expect(mismatch?.code == .keyMismatch)
        #expect(mismatch?.file == athens.authorityKey)
        try place.write("garbage", to: "athens/ca.crt")
        let garbage = #expect(throws: TLSError.self) { try athens.loadAuthority() }
        #expect(garbage?.code == .noCertificate)
        #expect(garbage?.file == athens.authorityCertificate)
    }

    @Test func anEndedAuthorityIsNamed() throws {
        try athens.save(authority)
        let later = Int64(Date().timeIntervalSince1970) + 11 * 366 * 86_400
        let error = #expect(throws: TLSError.self) { try athens.loadAuthority(at: later) }
        #expect(error?.code == .expired)
        #expect(error?.file == athens.authorityCertificate)
    }

    @Test func withoutClientsThereAreNoNames() throws {
        let error = #expect(throws: TLSError.self) { try athens.clientNames() }
        #expect(error?.code == .fileMissing)
    }
}
