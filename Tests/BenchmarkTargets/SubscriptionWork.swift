import MeshCore
import MeshWatcher

/// Finding the subscriptions of a key.
public final class SubscriptionWork {
    private var index = SubscriptionIndex()
    private let keys: [Key]

    /// Makes an index of so many keys, each a subscription, beside so many ranges that no key is in.
    public init(keys count: Int, ranges: Int) {
        keys = BenchmarkPairs.keys(count)
        for (number, key) in keys.enumerated() { index.insert(.key(key), id: number) }
        for number in 0..<ranges { index.insert(.prefix(Key("elsewhere/\(number)/")), id: count + number) }
    }

    /// Looks every key up, and returns how many subscriptions were found.
    public func match() -> Int {
        var found: [Int] = []
        var count = 0
        for key in keys {
            index.match(key.bytes.span, into: &found)
            count += found.count
            found.removeAll(keepingCapacity: true)
        }
        return count
    }
}
