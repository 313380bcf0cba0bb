/// A key: any non-empty sequence of bytes, ordered byte by byte.
///
/// Keys are mostly text, so a string literal makes one and `description` shows one; nothing depends on that.
public struct Key: Hashable, Sendable {
    /// The key's bytes.
    public var bytes: [UInt8]

    /// Makes a key of bytes.
    @inlinable
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Makes a key of the bytes of a slice or another sequence.
    @inlinable
    public init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// Makes a key of a text's UTF-8.
    @inlinable
    public init(_ text: some StringProtocol) {
        bytes = Array(text.utf8)
    }

    /// Whether the key has no byte, which no stored key may have.
    @inlinable
    public var isEmpty: Bool { bytes.isEmpty }

    /// The smallest key that is greater than this one: this key and a zero byte.
    public var successor: Key {
        var bytes = bytes
        bytes.append(0)
        return Key(bytes)
    }

    /// The smallest key that is greater than every key with this prefix; `nil` if there is none (all bytes are 0xFF).
    public var endOfPrefix: Key? {
        var end = bytes
        while let last = end.last {
            if last < 0xFF {
                end[end.count - 1] = last + 1
                return Key(end)
            }
            end.removeLast()
        }
        return nil
    }

    /// Whether the key begins with `prefix`.
    public func hasPrefix(_ prefix: Key) -> Bool {
        bytes.starts(with: prefix.bytes)
    }
}

extension Key: Comparable {
    public static func < (left: Key, right: Key) -> Bool {
        Bytes.isLess(left.bytes.span, right.bytes.span)
    }
}

extension Key: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension Key: CustomStringConvertible {
    /// The key as text; bytes that are not UTF-8 appear as the replacement character.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
