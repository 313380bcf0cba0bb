import Foundation
import MeshCore
import MeshTLS
import TestSupport
import Testing

@Suite struct RevocationListTests {
    private let authority: CertificateAuthority
    private let roots: String
    private let now = Int64(Date().timeIntervalSince1970)
    private static let day: Int64 = 86_400

    init() throws {
        authority = try TestCertificates.shared.authority
        roots = authority.certificatePEM
    }

    private func identity(_ credentials: TLSCredentials) throws -> PeerIdentity {
        PeerIdentity(try CertificateInspector.inspectFirst(pem: credentials.certificateChain))
    }

    private func fault(_ pem: String, roots: String? = nil, at time: Int64? = nil) -> TLSError? {
        do throws(TLSError) {
            _ = try RevocationList(pem: pem, issuedBy: roots ?? self.roots, at: time)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatTheAuthorityRevokesIsRevokedAndNothingElse() throws {
        let victim = try identity(TestCertificates.client("remote-kos"))
        let other = try identity(TestCertificates.client("remote-kos"))
        let pem = try authority.issueRevocationList(revoking: [victim.serialNumber, "0a"], number: 1)
        let list = try RevocationList(pem: pem, issuedBy: roots)
        #expect(list.issues.map(\.issuer) == ["CN=Test CA"])
        #expect(Set(list.issues[0].serialNumbers) == [victim.serialNumber, "0a"])
        #expect(list.revoked.count == 2)
        #expect(list.revoked.refusal(of: victim)?.contains(victim.serialNumber) == true)
        #expect(list.revoked.refusal(of: other) == nil)
        let end = try #require(list.nextUpdate)
        #expect(abs(end - (now + 30 * Self.day)) < 600)
    }

    @Test func anotherAuthoritysCertificateOfTheSameNumberIsNotRevoked() throws {
        var foreign = try identity(TestCertificates.foreignClient())
        foreign.serialNumber = "0a"
        let pem = try authority.issueRevocationList(revoking: ["0A"], number: 1)
        let revoked = try RevocationList(pem: pem, issuedBy: roots).revoked
        #expect(revoked.refusal(of: foreign) == nil)
        foreign.issuer = "CN=Test CA"
        #expect(revoked.refusal(of: foreign) != nil)
    }

    @Test func aListWithoutEntriesRevokesNothing() throws {
        let list = try RevocationList(pem: authority.issueRevocationList(revoking: [], number: 1), issuedBy: roots)
        #expect(list.issues.count == 1)
        #expect(list.revoked.isEmpty)
    }

    @Test func listsOfSeveralAuthoritiesStandInOneText() throws {
        let foreign = try TestCertificates.foreign.authority
        let pem =
            "lists:\n" + (try authority.issueRevocationList(revoking: ["01"], number: 1)) + "\n"
            + (try foreign.issueRevocationList(revoking: ["02"], number: 1, validity: .seconds(60)))
        let list = try RevocationList(pem: pem, issuedBy: foreign.certificatePEM + roots)
        #expect(list.issues.map(\.issuer) == ["CN=Test CA", "CN=Foreign CA"])
        #expect(list.revoked.count == 2)
        #expect(list.nextUpdate == list.issues[1].nextUpdate)
    }

    @Test func aForeignAuthoritysListIsAnErrorThatNamesIt() throws {
        let pem = try TestCertificates.foreign.authority.issueRevocationList(revoking: ["01"], number: 1)
        let error = try #require(fault(pem))
        #expect(error.code == .untrusted)
        #expect(error.message.contains("CN=Foreign CA"))
        // Also behind a good one.
        #expect(fault(try authority.issueRevocationList(revoking: [], number: 1) + pem)?.code == .untrusted)
    }

    @Test func aListOfANamesakeIsAnError() throws {
        let namesake = try CertificateAuthority.create(commonName: "Test CA")
        let error = try #require(fault(namesake.issueRevocationList(revoking: ["01"], number: 1)))
        #expect(error.code == .untrusted)
        #expect(error.message.contains("not signed"))
    }

    @Test func aChangedListIsAnError() throws {
        var lines = try authority.issueRevocationList(revoking: ["01"], number: 1).split(separator: "\n")
            .map(String.init)
        // A letter of the signature, at the end.
        let position = lines.count - 2
        let letter = lines[position].removeFirst()
        lines[position] = (letter == "A" ? "B" : "A") + lines[position]
        let code = try #require(fault(lines.joined(separator: "\n"))?.code)
        #expect([.untrusted, .malformed].contains(code))
    }

    @Test func aListThatEndedOrHasNotBegunIsAnErrorThatSaysWhen() throws {
        let ended = try authority.issueRevocationList(
            revoking: [], number: 1, validity: .seconds(Self.day), thisUpdate: now - 2 * Self.day
        )
        let expired = try #require(fault(ended))
        #expect(expired.code == .expired)
        #expect(expired.message.contains("ended at 20"))
        #expect(fault(ended, at: now - Self.day - 60) == nil)

        let early = try authority.issueRevocationList(revoking: [], number: 1, thisUpdate: now + Self.day)
        #expect(fault(early)?.code == .notYetValid)
    }

    @Test func aLeafMayNotSignALeafsList() throws {
        let leaf = try authority.issueClient(commonName: "remote")
        // Signed with the authority's key, so that only the given certificate is wrong for it.
        let pem = try authority.issueRevocationList(revoking: [], number: 1)
        #expect(fault(pem, roots: leaf.certificatePEM)?.code == .untrusted)
    }

    @Test func aTextWithoutAListIsAnErrorAndNotNothing() throws {
        for text in ["", "nothing", roots] {
            #expect(fault(text)?.code == .noRevocationList)
        }
        let pem = try authority.issueRevocationList(revoking: [], number: 1)
        #expect(fault(String(pem.dropLast(40)))?.code == .malformed)
        #expect(fault(pem, roots: "none")?.code == .noCertificate)
        let damaged = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
        #expect(fault(pem + damaged)?.message.contains("list 2") == true)
    }

    @Test func theNumberOfListsIsBounded() throws {
        let pem = try authority.issueRevocationList(revoking: [], number: 1)
        let most = String(repeating: pem, count: RevocationList.maximumLists)
        #expect(try RevocationList(pem: most, issuedBy: roots).issues.count == 64)
        #expect(fault(most + pem)?.code == .fileTooLarge)
        let filler = String(repeating: "x", count: PEMLimits.maximumFileBytes)
        #expect(fault(pem + filler)?.code == .fileTooLarge)
    }

    @Test func aListOfThousandsIsReadWhole() throws {
        let numbers = (1...10_000).map { String($0, radix: 16) }
        let pem = try authority.issueRevocationList(revoking: numbers, number: 1)
        #expect(try RevocationList(pem: pem, issuedBy: roots).revoked.count == 10_000)
    }

    @Test(arguments: ["", "xyz", String(repeating: "1", count: 65)])
    func whatIsNoNumberIsNotRevoked(number: String) {
        let error = #expect(throws: TLSError.self) {
            try authority.issueRevocationList(revoking: [number], number: 1)
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func aFaultInAFileNamesTheFile() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("nothing", to: "revoked.pem")
        let error = #expect(throws: TLSError.self) { try RevocationList.load(file: file, issuedBy: roots) }
        #expect(error?.code == .noRevocationList)
        #expect(error?.file == file)
        let missing = #expect(throws: TLSError.self) {
            try RevocationList.load(file: directory.file("missing"), issuedBy: roots)
        }
        #expect(missing?.code == .fileMissing)
        // What is wrong with the roots is not said of the list.
        let badRoots = #expect(throws: TLSError.self) { try RevocationList.load(file: file, issuedBy: "none") }
        #expect(badRoots?.file == nil)
        try directory.write(authority.issueRevocationList(revoking: ["01"], number: 1), to: "revoked.pem")
        #expect(try RevocationList.load(file: file, issuedBy: roots).revoked.count == 1)
    }
}
