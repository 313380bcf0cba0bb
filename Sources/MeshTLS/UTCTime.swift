// The headers of OpenSSL include <time.h>: whichever module the compiler reads first owns `tm`.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Times as certificates count them: seconds since 1970, in UTC.
package enum UTCTime {
    /// The system's clock.
    static var now: Int64 { Int64(time(nil)) }

    /// A time for people, such as `2027-01-31 08:00:00 UTC`.
    package static func text(_ seconds: Int64) -> String {
        var fields = tm()
        var moment = time_t(seconds)
        guard gmtime_r(&moment, &fields) != nil else { return "\(seconds) s after 1970" }
        func digits(_ number: Int32, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = "\(digits(fields.tm_year + 1900, 4))-\(digits(fields.tm_mon + 1, 2))-\(digits(fields.tm_mday, 2))"
        return "\(date) \(digits(fields.tm_hour, 2)):\(digits(fields.tm_min, 2)):\(digits(fields.tm_sec, 2)) UTC"
    }

    /// The seconds of a broken-down time.
    static func seconds(_ fields: tm) -> Int64 {
        var fields = fields
        return Int64(timegm(&fields))
    }
}
