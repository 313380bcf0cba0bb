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
    package static var now: Int64 { Int64(time(nil)) }

    /// A time for people, such as `2027-01-31 08:00:00 UTC`.
    package static func text(_ seconds: Int64) -> String {
        guard let (date, time) = parts(of: seconds) else { return "\(seconds) s after 1970" }
        return "\(date) \(time) UTC"
    }

    /// A time as RFC 3339 writes it, such as `2027-01-31T08:00:00Z`; one after the year 9999, which it cannot write, is
    /// the last that it can.
    package static func rfc3339(_ seconds: Int64) -> String {
        let last: Int64 = 253_402_300_799
        guard let (date, time) = parts(of: min(max(0, seconds), last)) else { return "1970-01-01T00:00:00Z" }
        return "\(date)T\(time)Z"
    }

    private static func parts(of seconds: Int64) -> (date: String, time: String)? {
        var fields = tm()
        var moment = time_t(seconds)
        guard gmtime_r(&moment, &fields) != nil else { return nil }
        func digits(_ number: Int32, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return (
            "\(digits(fields.tm_year + 1900, 4))-\(digits(fields.tm_mon + 1, 2))-\(digits(fields.tm_mday, 2))",
            "\(digits(fields.tm_hour, 2)):\(digits(fields.tm_min, 2)):\(digits(fields.tm_sec, 2))"
        )
    }

    /// The seconds of a broken-down time.
    static func seconds(_ fields: tm) -> Int64 {
        var fields = fields
        return Int64(timegm(&fields))
    }
}
