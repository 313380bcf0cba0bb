internal import ClusterMesh
internal import Foundation

/// Turns pairs and events into what is printed of them.
struct PairPrinter: Sendable {
    var format: PairFormat
    /// Whether a record's meaning is printed for its value, or beside it.
    var decodes = false
    /// Whether there are values to print.
    var hasValues = true

    /// A pair, with the end of its last line.
    func bytes(of pair: KeyValue) -> [UInt8] {
        switch format {
        case .simple: pair.key.bytes + Self.lineBreak + (hasValues ? value(of: pair) + Self.lineBreak : [])
        case .json: line(.object(fields(of: pair)))
        }
    }

    /// A change, with the end of its last line.
    func bytes(of event: WatchEvent) -> [UInt8] {
        let isPut = event.kind == .put
        switch format {
        case .simple:
            return Array((isPut ? "PUT\n" : "DELETE\n").utf8) + event.pair.key.bytes + Self.lineBreak
                + (isPut ? value(of: event.pair) + Self.lineBreak : [])
        case .json:
            let change: [(String, JSONValue)] = [
                ("event", .text(isPut ? "put" : "delete")), ("revision", .number(event.revision.rawValue)),
            ]
            return line(.object(change + (isPut ? fields(of: event.pair) : [key(of: event.pair)])))
        }
    }

    /// A number of keys, without the end of the line.
    func text(count: Int64, revision: Revision) -> String {
        switch format {
        case .simple: "\(count)"
        case .json: JSONValue.object([("count", .number(count)), ("revision", .number(revision.rawValue))]).line
        }
    }

    private static let lineBreak = [UInt8(ascii: "\n")]

    private func line(_ value: JSONValue) -> [UInt8] { Array(value.line.utf8) + Self.lineBreak }

    private func value(of pair: KeyValue) -> [UInt8] {
        guard decodes, let summary = RecordSummary(pair) else { return Array(pair.value) }
        return Array(summary.text.utf8)
    }

    private func key(of pair: KeyValue) -> (String, JSONValue) { Self.field("key", pair.key.bytes) }

    private func fields(of pair: KeyValue) -> [(String, JSONValue)] {
        var fields = [key(of: pair)]
        if hasValues { fields.append(Self.field("value", Array(pair.value))) }
        fields.append(("createRevision", .number(pair.createRevision.rawValue)))
        fields.append(("modRevision", .number(pair.modRevision.rawValue)))
        fields.append(("version", .number(pair.version)))
        // As etcd's tool names leases.
        if pair.lease != .none { fields.append(("lease", .text(String(pair.lease.rawValue, radix: 16)))) }
        if decodes, let summary = RecordSummary(pair) {
            fields.append((summary.isFault ? "fault" : "record", .text(summary.text)))
        }
        return fields
    }

    /// A field with a text, or under another name what is no text.
    private static func field(_ name: String, _ bytes: [UInt8]) -> (String, JSONValue) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return (name + "Base64", .text(Data(bytes).base64EncodedString()))
        }
        return (name, .text(text))
    }
}
