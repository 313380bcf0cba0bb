internal import MeshCore

/// What a replicated store was told that no history can have.
package struct ReplicationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What does not fit.
    package var message: String

    package var description: String { message }
}

extension StoreEngine {
    /// A state that begins with a list: its history knows what changes after `revision`, and nothing of how the pairs
    /// came about.
    init(
        configuration: KVStoreConfiguration,
        origin: StoreOrigin,
        listed pairs: some Sequence<KeyValue>,
        at revision: Revision
    ) {
        self.init(configuration: configuration, origin: origin)
        // A place before the first of the history: whatever was there is as good as compacted.
        for pair in pairs {
            var growth = pair.encoded.count
            index.update(pair.key) { entry in
                // Of a key that is listed twice, the later pair counts.
                growth -= entry?.pair.encoded.count ?? 0
                return IndexEntry(pair: pair, position: -1, isLive: true)
            }
            liveBytes += growth
        }
        self.revision = revision
        compactedRevision = revision
        firstListed = revision
    }

    /// Takes changes that another store made, and with them everything up to `complete`.
    ///
    /// - Parameter events: in the order of their revisions, each revision whole, all after the store's revision. Their
    ///   pairs are kept as they are.
    mutating func append(_ events: [WatchEvent], through complete: Revision) throws(ReplicationError) {
        var last = revision
        for event in events {
            guard event.revision > revision, event.revision >= last else {
                throw ReplicationError(
                    message: "a change of '\(event.pair.key)' at revision \(event.revision) came after revision \(last)"
                )
            }
            last = event.revision
        }
        guard complete >= last else {
            throw ReplicationError(message: "revision \(complete) was called complete after one at \(last)")
        }
        for event in events { liveBytes += Self.take(event, &index, &history) }
        revision = complete
        trimToBounds()
    }

    /// - Returns: by how much the live pairs have grown.
    private static func take(_ event: WatchEvent, _ index: inout KeyIndex, _ history: inout History) -> Int {
        var growth = 0
        index.update(event.pair.key) { entry in
            let previous = entry.flatMap { $0.isLive ? $0.pair : nil }
            let change = Change(pair: event.pair, previous: previous, revision: event.revision, kind: event.kind)
            let position = history.append(change, after: entry?.position)
            growth = (event.kind == .put ? event.pair.encoded.count : 0) - (previous?.encoded.count ?? 0)
            return IndexEntry(pair: event.pair, position: position, isLive: event.kind == .put)
        }
        return growth
    }
}
