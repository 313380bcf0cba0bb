internal import MeshCore

/// Texts that many records of one cluster have alike, each kept once: the keys of nodes' labels, the types of addresses.
///
/// It is bounded, so that a cluster whose records have nothing in common costs it no more than ``maximumBytes``: what
/// comes when it is full is not shared.
final class TextPool: Sendable {
    /// The most bytes of text that a pool keeps: 64 KiB.
    static let maximumBytes = 64 << 10

    private struct Contents {
        var lists: Set<[String]> = []
        var texts: Set<String> = []
        var bytes = 0

        /// Whether there is room for so many bytes; they are taken then.
        mutating func take(_ count: Int) -> Bool {
            guard bytes + count <= TextPool.maximumBytes else { return false }
            bytes += count
            return true
        }
    }

    private let contents = Locked(Contents())

    /// Whether texts that Swift takes for equal are the same bytes, as only ASCII is sure to be.
    private static func isSharable(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

    /// The bytes of text that it keeps.
    var bytes: Int { contents.withLock { $0.bytes } }

    /// A list with the same texts, which others have too.
    func shared(_ list: [String]) -> [String] {
        if list.isEmpty || !list.allSatisfy(Self.isSharable) { return list }
        return contents.withLock { contents in
            if let index = contents.lists.firstIndex(of: list) { return contents.lists[index] }
            if contents.take(list.reduce(0) { $0 + $1.utf8.count }) { contents.lists.insert(list) }
            return list
        }
    }

    /// The same text, which others have too.
    func shared(_ text: String) -> String {
        // So short ones need no memory of their own.
        if text.utf8.count <= 15 || !Self.isSharable(text) { return text }
        return contents.withLock { contents in
            if let index = contents.texts.firstIndex(of: text) { return contents.texts[index] }
            if contents.take(text.utf8.count) { contents.texts.insert(text) }
            return text
        }
    }
}
