internal import MeshCore

/// What distinguishes a key of a range: its bytes behind the prefix that all keys of the range begin with.
///
/// Up to 23 bytes (an IPv4 address, an identity's number, most node names) are held without an allocation, so that
/// hundreds of thousands of known keys cost their places in a dictionary and nothing else.
struct KeyTail: Hashable, Sendable {
    /// The bytes that are held in place at most.
    static let capacity = 23

    private enum Content: Hashable, Sendable {
        /// The bytes in order, from the first word's highest byte on; the last word's lowest byte is their number.
        case short(UInt64, UInt64, UInt64)
        case long([UInt8])
    }

    private let content: Content

    /// The bytes behind the first `prefixCount` of a key, which may be fewer.
    init(_ key: ArraySlice<UInt8>, behind prefixCount: Int) {
        let bytes = key.dropFirst(prefixCount)
        guard bytes.count <= Self.capacity else {
            content = .long(Array(bytes))
            return
        }
        var words: (UInt64, UInt64, UInt64) = (0, 0, UInt64(bytes.count))
        for (position, byte) in bytes.enumerated() {
            let shifted = UInt64(byte) << UInt64(56 - 8 * (position & 7))
            switch position >> 3 {
            case 0: words.0 |= shifted
            case 1: words.1 |= shifted
            default: words.2 |= shifted
            }
        }
        content = .short(words.0, words.1, words.2)
    }

    /// The bytes.
    var bytes: [UInt8] {
        switch content {
        case .long(let bytes): return bytes
        case .short(let first, let second, let third):
            let count = Int(third & 0xFF)
            return (0..<count).map { position in
                let word = position < 8 ? first : position < 16 ? second : third
                return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (position & 7)))
            }
        }
    }
}

extension KeyRange {
    /// The bytes that all keys of the range begin with, as far as its bounds say so at once.
    var sharedPrefix: Key {
        switch end {
        case .single: lower
        case .before(let upper): upper == lower.endOfPrefix ? lower : Key([])
        case .unbounded: Key([])
        }
    }
}
