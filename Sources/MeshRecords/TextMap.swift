/// A map from text to text that is small in memory and hardly ever looked into, such as a node's labels.
///
/// Keys and values are two lists, in the byte order of the keys: maps with the same keys can share the first one
/// (``TextPool``), which is most of what a dictionary of labels takes.
struct TextMap: Hashable, Sendable {
    private(set) var keys: [String] = []
    private var values: [String] = []

    /// An empty map.
    init() {}

    /// The same as a dictionary.
    init(_ dictionary: [String: String]) {
        guard !dictionary.isEmpty else { return }
        let sorted = dictionary.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        keys = sorted.map(\.key)
        values = sorted.map(\.value)
    }

    /// The same as a dictionary. O(n).
    var dictionary: [String: String] {
        Dictionary(zip(keys, values)) { first, _ in first }
    }

    /// The same map with its keys in a list that others have too.
    func sharingKeys(with pool: TextPool) -> TextMap {
        var map = self
        map.keys = pool.shared(keys)
        return map
    }
}
