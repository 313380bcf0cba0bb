internal import Foundation
public import MeshCore
public import MeshTLS

/// Certificates for tests, from authorities that are made when first needed and live as long as the process.
public struct TestCertificates: Sendable {
    /// The authority that issues them.
    public let authority: CertificateAuthority

    private static let made = Result { try CertificateAuthority.create(commonName: "Test CA") }
    private static let madeForeign = Result { try CertificateAuthority.create(commonName: "Foreign CA") }

    /// Certificates of the authority that all tests of this process share.
    public static var shared: TestCertificates {
        get throws { TestCertificates(authority: try made.get()) }
    }

    /// Certificates of an authority that nobody else trusts.
    public static var foreign: TestCertificates {
        get throws { TestCertificates(authority: try madeForeign.get()) }
    }

    /// The shared authority's certificate, as PEM text.
    public static var roots: String {
        get throws { try shared.authority.certificatePEM }
    }

    /// A server's credentials for `cluster`, trusting the shared authority.
    public static func server(_ cluster: String = "athens") throws -> TLSCredentials {
        try shared.authority.issueServer(cluster: ClusterName(cluster)).credentials(trusting: roots)
    }

    /// A client's credentials with `commonName`, trusting the shared authority.
    public static func client(_ commonName: String = "remote") throws -> TLSCredentials {
        try shared.authority.issueClient(commonName: commonName).credentials(trusting: roots)
    }

    /// A server's credentials from the foreign authority; it trusts the shared one, as an impostor would.
    public static func foreignServer(_ cluster: String = "athens") throws -> TLSCredentials {
        try foreign.authority.issueServer(cluster: ClusterName(cluster)).credentials(trusting: roots)
    }

    /// A client's credentials from the foreign authority; it trusts the shared one, as an impostor would.
    public static func foreignClient(_ commonName: String = "remote") throws -> TLSCredentials {
        try foreign.authority.issueClient(commonName: commonName).credentials(trusting: roots)
    }

    /// A server's credentials that ended a day ago.
    public static func expiredServer(_ cluster: String = "athens") throws -> TLSCredentials {
        try shared.authority.issueServer(
            cluster: ClusterName(cluster), validity: .seconds(day), notBefore: now - 2 * day
        ).credentials(trusting: roots)
    }

    /// A client's credentials that ended a day ago.
    public static func expiredClient(_ commonName: String = "remote") throws -> TLSCredentials {
        try shared.authority.issueClient(
            commonName: commonName, validity: .seconds(day), notBefore: now - 2 * day
        ).credentials(trusting: roots)
    }

    /// A server's credentials that begin in a day.
    public static func notYetValidServer(_ cluster: String = "athens") throws -> TLSCredentials {
        try shared.authority.issueServer(
            cluster: ClusterName(cluster), validity: .seconds(day), notBefore: now + day
        ).credentials(trusting: roots)
    }

    /// A client's credentials that begin in a day.
    public static func notYetValidClient(_ commonName: String = "remote") throws -> TLSCredentials {
        try shared.authority.issueClient(
            commonName: commonName, validity: .seconds(day), notBefore: now + day
        ).credentials(trusting: roots)
    }

    private static let day: Int64 = 86_400
    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }
}

extension TLSCredentials {
    /// The paths of one side's PEM files.
    public struct Files: Sendable {
        /// The certificates of the trusted authorities.
        public let roots: String
        /// The own certificate.
        public let certificate: String
        /// The own private key.
        public let key: String
    }

    /// Writes the credentials as files named after `name` into `directory`, for programs that want files.
    public func write(to directory: TemporaryDirectory, as name: String) throws -> Files {
        Files(
            roots: try directory.write(trustedRoots, to: "\(name)-ca.crt"),
            certificate: try directory.write(certificateChain, to: "\(name).crt"),
            key: try directory.write(privateKey, to: "\(name).key")
        )
    }
}
