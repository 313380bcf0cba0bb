/// How much of a server's data one reader takes in at most, and how much it has taken.
///
/// Over the budget a reader takes no further key and no growth of a known one; it keeps what it has, counts what it
/// refused, and lists again at its next connection. One budget is shared by all ranges that a reader follows.
public struct FollowBudget: Hashable, Sendable {
    /// The most keys. Default 500,000.
    public var maximumKeys: Int

    /// The most bytes of encoded pairs, keys included. Default 512 MiB.
    public var maximumBytes: Int

    /// The keys taken.
    public internal(set) var keys = 0

    /// The bytes of their encoded pairs.
    public internal(set) var bytes = 0

    /// How often a key or a change was refused since the reader was made.
    public internal(set) var refusals = 0

    /// Makes a budget of which nothing is used; bounds below 1 count as 1.
    public init(maximumKeys: Int = 500_000, maximumBytes: Int = 512 << 20) {
        self.maximumKeys = max(1, maximumKeys)
        self.maximumBytes = max(1, maximumBytes)
    }

    /// Takes a new pair of `size` bytes, or one that replaces `replaced` bytes; false if there is no room for it.
    mutating func take(_ size: Int, replacing replaced: Int?) -> Bool {
        let newKeys = keys + (replaced == nil ? 1 : 0)
        let newBytes = bytes - (replaced ?? 0) + size
        // What gets smaller is always taken, even by a reader that is over its bounds.
        let grows = size > (replaced ?? -1)
        guard !grows || (newKeys <= maximumKeys && newBytes <= maximumBytes) else {
            refusals += 1
            return false
        }
        keys = newKeys
        bytes = newBytes
        return true
    }

    /// Gives back the pair of `size` bytes.
    mutating func release(_ size: Int) {
        keys -= 1
        bytes -= size
    }
}
