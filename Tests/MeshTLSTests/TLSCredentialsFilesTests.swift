import Foundation
import MeshCore
import MeshTLS
import TestSupport
import Testing

@Suite struct TLSCredentialsFilesTests {
    private let directory: TemporaryDirectory
    private let good: TLSCredentials

    init() throws {
        directory = try TemporaryDirectory()
        good = try TestCertificates.server()
    }

    /// Writes the credentials, changed, and loads them again.
    private func load(
        _ credentials: TLSCredentials, as purpose: CertificatePurpose = .server, at now: Int64? = nil
    ) throws -> Result<TLSCredentials, TLSError> {
        let files = try credentials.write(to: directory, as: "x")
        return Result { () throws(TLSError) in
            try TLSCredentials.load(
                certificate: files.certificate, key: files.key, roots: files.roots, purpose: purpose, at: now
            )
        }
    }

    private func refusal(
        _ credentials: TLSCredentials, as purpose: CertificatePurpose = .server
    ) throws -> TLSError? {
        switch try load(credentials, as: purpose) {
        case .success: nil
        case .failure(let error): error
        }
    }

    @Test func whatWasWrittenIsRead() throws {
        #expect(try load(good).get() == good)
        let client = try TestCertificates.client()
        #expect(try load(client, as: .client).get() == client)
    }

    @Test func eachMissingFileIsNamed() throws {
        for missing in ["x.crt", "x.key", "x-ca.crt"] {
            let files = try good.write(to: directory, as: "x")
            try FileManager.default.removeItem(atPath: directory.file(missing))
            let error = #expect(throws: TLSError.self) {
                try TLSCredentials.load(
                    certificate: files.certificate, key: files.key, roots: files.roots, purpose: .server
                )
            }
            #expect(error?.code == .fileMissing)
            #expect(error?.file == directory.file(missing))
        }
    }

    @Test func aFileWithoutPEMIsNamed() throws {
        var credentials = good
        credentials.certificateChain = "garbage"
        #expect(try refusal(credentials)?.description == "\(directory.file("x.crt")): holds no PEM certificate")
        credentials = good
        credentials.privateKey = "garbage"
        #expect(try refusal(credentials)?.description == "\(directory.file("x.key")): holds no PEM private key")
        credentials = good
        credentials.trustedRoots = "garbage"
        #expect(try refusal(credentials)?.description == "\(directory.file("x-ca.crt")): holds no PEM certificate")
    }

    @Test func theKeyOfAnotherCertificateIsNamedWithBothFiles() throws {
        var credentials = good
        credentials.privateKey = try TestCertificates.client().privateKey
        let error = try #require(try refusal(credentials))
        #expect(error.code == .keyMismatch)
        #expect(error.file == directory.file("x.key"))
        #expect(error.message.contains(directory.file("x.crt")))
    }

    @Test func validityIsCheckedBeforeAPeerDoes() throws {
        #expect(try refusal(TestCertificates.expiredServer())?.code == .expired)
        #expect(try refusal(TestCertificates.notYetValidServer())?.code == .notYetValid)
        #expect(try refusal(TestCertificates.expiredServer())?.file == directory.file("x.crt"))
        let tomorrow = Int64(Date().timeIntervalSince1970) + 86_400 + 60
        #expect(throws: Never.self) { try load(TestCertificates.notYetValidServer(), at: tomorrow).get() }
    }

    @Test func aCertificateForTheOtherEndIsRefused() throws {
        #expect(try refusal(good, as: .client)?.code == .wrongUsage)
        #expect(try refusal(TestCertificates.client(), as: .server)?.code == .wrongUsage)
    }

    @Test func theOwnRootsNeedNotLeadToTheOwnCertificate() throws {
        #expect(try refusal(TestCertificates.foreignServer()) == nil)
    }
}
