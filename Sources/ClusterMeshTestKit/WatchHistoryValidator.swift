internal import MeshCore

/// Holds recorded watches to what etcd promises of every watch (``WatchGuarantee``).
///
/// It judges any etcd v3 server, an own one as well as a real etcd, by what its clients were sent and by what is known
/// to have been written:
///
/// ```swift
/// let validator = WatchHistoryValidator(writes)
/// #expect(validator.violations(in: histories) == [])
/// ```
///
/// All keys that a watch may be told of must be in the writes.
public struct WatchHistoryValidator: Sendable {
    /// What was written.
    public let writes: WriteHistory

    /// Whether the header of a message with events says, too, that everything up to its revision was sent.
    ///
    /// Our servers promise it (Cilium's agents resume behind the header, whatever the message held), so this is true by
    /// default. A real etcd that sends a long backlog has the store's revision in each of its messages: turn it off
    /// where a watch may begin more than 1,000 revisions back.
    public var headersAreComplete = true

    /// The most violations that are told of one watch, at least 1; the rest is left out. Default 100.
    public var maximumViolationsPerWatch = 100

    /// Where each event stands among those of the writes; several places where one revision wrote a key several times.
    let places: [EventName: [Int]]

    /// Holds watches to these writes.
    public init(_ writes: WriteHistory) {
        self.writes = writes
        var places: [EventName: [Int]] = [:]
        for (place, event) in writes.events.enumerated() { places[EventName(event), default: []].append(place) }
        self.places = places
    }

    /// What is wrong with these watches; empty if every promise was kept.
    public func violations(in histories: some Sequence<WatchHistory>) -> [WatchViolation] {
        histories.flatMap(violations(in:))
    }

    /// What is wrong with this watch; empty if every promise was kept.
    ///
    /// - Complexity: linear in the watch's events, and in the writes from its first revision to its last.
    public func violations(in history: WatchHistory) -> [WatchViolation] {
        var report = Report(watch: history.name, room: max(1, maximumViolationsPerWatch))
        checkFilter(history, &report)
        checkOrdered(history, &report)
        checkUnique(history, &report)
        checkAtomic(history, &report)
        checkBookmarkable(history, &report)
        checkResumable(history, &report)
        checkReliable(history, &report)
        checkContent(history, &report)
        return report.violations
    }
}

/// What makes an event the same event, whatever it says.
struct EventName: Hashable {
    var revision: Revision
    var key: Key
    var kind: WatchEvent.Kind

    init(_ event: WatchEvent) {
        revision = event.revision
        key = event.pair.key
        kind = event.kind
    }
}

extension EventName: CustomStringConvertible {
    var description: String { "the \(kind) of '\(key)' at \(revision)" }
}

/// The violations of one watch, as many as there is room for.
struct Report {
    let watch: String
    let room: Int
    private(set) var violations: [WatchViolation] = []

    init(watch: String, room: Int) {
        self.watch = watch
        self.room = room
    }

    mutating func add(_ guarantee: WatchGuarantee, _ message: @autoclosure () -> String) {
        guard violations.count < room else { return }
        violations.append(WatchViolation(guarantee: guarantee, watch: watch, message: message()))
    }
}
