internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension X509Certificate {
    /// When the certificate begins, in seconds since 1970.
    var notBefore: Int64 {
        get throws(TLSError) { try Self.seconds(X509_get0_notBefore(pointer)) }
    }

    /// When the certificate ends, in seconds since 1970.
    var notAfter: Int64 {
        get throws(TLSError) { try Self.seconds(X509_get0_notAfter(pointer)) }
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(TLSError) -> Int64 {
        var fields = tm()
        guard let time, ASN1_TIME_to_tm(time, &fields) == 1 else {
            throw TLSError(.malformed, "the certificate's validity is no time", cause: OpenSSLFailure.text)
        }
        return UTCTime.seconds(fields)
    }
}
