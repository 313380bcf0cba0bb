import Foundation
import TestSupport
import Testing

@testable import MeshCore

@Suite("IPAddress")
struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.0.0.1", "10.0.0.1"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("FD00:0:0:0:0:0:0:1", "fd00::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0db8::0001", "2001:db8::1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::ffff:102:304", "::ffff:1.2.3.4"), ("::1.2.3.4", "::102:304"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func textsAreReadAndWrittenAsGoDoes(text: String, canonical: String) throws {
        let address = try IPAddress(text)
        #expect(address.description == canonical)
        #expect(try IPAddress(canonical) == address)
        #expect(IPAddress(utf8: Array(text.utf8).span) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "1.2.3.04", "00.0.0.0", "1.2.3.4 ",
        " 1.2.3.4", "1.2.3.+4", "0x1.2.3.4", "1.2.3.1000", "1,2,3,4", "١.2.3.4",
        ":", ":1", "1:", ":::", "1::2::3", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "::1.2.3", "::1.2.3.256",
        "1.2.3.4:5::", "fe80::1%eth0", "fe80::1%", "1.2.3.4%eth0", "[::1]", "::1/128", "ｆe80::1",
        "1.2.3.4:", ":1.2.3.4", "::1.2.3.4:5", "1:2:3:4:5:6:7:8:", "00000::", "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1",
        "1.2.3.",
        "1.2.3.4.", "1..3.4", ".", "::.1.2.3", "1:::2", "::-1", "1: :2",
    ])
    func otherTextsAreRefused(text: String) {
        let error = #expect(throws: IPTextError.self) { try IPAddress(text) }
        #expect(error?.message.contains("is no IP address") == true)
        #expect(IPAddress(utf8: Array(text.utf8).span) == nil)
    }

    @Test(arguments: [
        ("1.2.3", "IPv4 needs four numbers"), ("1.2.3.x", "not a number of one to three digits"),
        ("1.2.3.04", "begins with a needless zero"), ("1.2.3.256", "greater than 255"),
        ("1::2::3", "'::' stands twice"),
        ("1:2", "without '::' needs eight groups"), ("1:2:3:4:5:6:7::8", "'::' stands for no group"),
        ("12345::", "one to four digits"), ("::g", "not a hexadecimal number"), ("1:2:3:4:5:6:7:8:9", "at most eight"),
    ])
    func whatIsWrongWithATextIsSaid(text: String, why: String) {
        let error = #expect(throws: IPTextError.self) { try IPAddress(text) }
        #expect(error?.message.contains(why) == true, "\(error?.message ?? "")")
    }

    @Test func anAddressWithAZoneIsRefusedForThatReason() {
        let error = #expect(throws: IPTextError.self) { try IPAddress("fe80::1%eth0") }
        #expect(error?.message == "'fe80::1%eth0' is no IP address: an IPv6 zone is not supported")
    }

    @Test func randomAddressesAreWrittenAsTheCLibraryWritesThem() async throws {
        try await withRandomNumbers { random in
            for _ in 0..<2_000 {
                // Many zero groups, so that `::` has runs to choose from.
                let groups = (0..<8).map { _ in
                    Bool.random(using: &random) ? 0 : UInt16.random(in: 0...UInt16.max, using: &random)
                }
                func half(_ part: ArraySlice<UInt16>) -> UInt64 { part.reduce(0) { $0 << 16 | UInt64($1) } }
                let address = IPAddress(v6: half(groups[..<4]), half(groups[4...]))
                // `::a.b.c.d`, which is deprecated, is the one form that the C library writes differently.
                guard address.high != 0 || address.low >> 32 != 0 else { continue }
                #expect(address.description == Self.inet(address.bytes))
                let parsed = try IPAddress(address.description)
                #expect(parsed == address)
                let v4 = IPAddress(v4: UInt32.random(in: 0...UInt32.max, using: &random))
                #expect(v4.description == Self.inet(v4.bytes))
                let parsedV4 = try IPAddress(v4.description)
                #expect(parsedV4 == v4)
            }
        }
    }

    /// What `inet_ntop` says.
    private static func inet(_ bytes: [UInt8]) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        _ = inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func mappedAndPlainIPv4AreDifferentUntilUnmapped() throws {
        let mapped = try IPAddress("::ffff:10.0.0.1")
        #expect(mapped != (try IPAddress("10.0.0.1")))
        #expect(mapped.unmapped == (try IPAddress("10.0.0.1")))
        #expect(try IPAddress("::10.0.0.1").unmapped == (try IPAddress("::a00:1")))
        #expect(try IPAddress("fd00::1").unmapped == (try IPAddress("fd00::1")))
    }

    @Test func addressesAreOrderedByFamilyAndNumber() throws {
        let sorted = try ["9.0.0.0", "10.0.0.0", "255.0.0.0", "::", "::1", "1::", "1::1", "fe80::"].map {
            try IPAddress($0)
        }
        for (left, right) in zip(sorted, sorted.dropFirst()) {
            #expect(left < right)
            #expect(!(right < left))
        }
    }
}

@Suite("IPPrefix")
struct IPPrefixTests {
    @Test(arguments: ["0.0.0.0/0", "10.0.0.0/16", "10.1.2.3/32", "::/0", "fd00::/64", "fd00::1/128", "10.1.2.3/16"])
    func textsAreReadAndWritten(text: String) throws {
        #expect(try IPPrefix(text).description == text)
        #expect(IPPrefix(utf8: Array(text.utf8).span)?.description == text)
    }

    @Test(arguments: [
        "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
        "10.0.0.0/8 ", "10.0.0.0/8/8", "10.0.0.0/99999999999999999999", "fe80::%eth0/64", "10.0.0.0/٨",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(throws: IPTextError.self) { try IPPrefix(text) }
        #expect(IPPrefix(utf8: Array(text.utf8).span) == nil)
    }

    @Test func containmentComparesTheLeadingBits() throws {
        let net = try IPPrefix("10.0.0.0/9")
        #expect(net.contains(try IPAddress("10.127.255.255")))
        #expect(!net.contains(try IPAddress("10.128.0.0")))
        #expect(!net.contains(try IPAddress("::ffff:10.0.0.1")))
        #expect(net.contains(try IPPrefix("10.64.0.0/10")))
        #expect(net.contains(net))
        #expect(!net.contains(try IPPrefix("10.0.0.0/8")))
        #expect(net.overlaps(try IPPrefix("10.0.0.0/8")))
        #expect(!net.overlaps(try IPPrefix("10.128.0.0/9")))
        #expect(try IPPrefix("::/0").contains(try IPAddress("ffff::")))
        #expect(try !IPPrefix("::/0").contains(try IPAddress("10.0.0.1")))
        #expect(try IPPrefix("0.0.0.0/0").contains(try IPAddress("255.255.255.255")))
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128])
    func aPrefixHoldsExactlyTheAddressesWithItsBits(length: Int) throws {
        let base = IPAddress(v6: 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210)
        let prefix = try #require(IPPrefix(base, length: length))
        #expect(prefix.masked.isMasked)
        #expect(prefix.masked.contains(base))
        for bit in 0..<128 {
            let flipped = IPAddress(
                v6: bit < 64 ? base.high ^ (1 << UInt64(63 - bit)) : base.high,
                bit < 64 ? base.low : base.low ^ (1 << UInt64(127 - bit))
            )
            #expect(prefix.contains(flipped) == (bit >= length), "bit \(bit)")
        }
    }

    @Test func everyLengthSurvivesAsMask() throws {
        for (address, count) in [(try IPAddress("10.0.0.0"), 32), (try IPAddress("fd00::"), 128)] {
            for length in 0...count {
                let mask = try #require(IPPrefix(address, length: length)).maskBytes
                #expect(mask.count * 8 == count)
                #expect(IPPrefix.length(ofMask: mask) == length)
            }
            #expect(IPPrefix(address, length: count + 1) == nil)
            #expect(IPPrefix(address, length: -1) == nil)
        }
    }

    @Test(arguments: [
        [], [255], [255, 255, 255], [255, 0, 255, 0], [0, 0, 0, 1], [255, 127, 0, 0], [254, 128, 0, 0], [5, 0, 0, 0],
    ])
    func masksWithGapsAreNone(mask: [UInt8]) {
        #expect(IPPrefix.length(ofMask: mask) == nil)
    }
}
