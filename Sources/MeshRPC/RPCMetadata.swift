/// Names and text values that travel with a call, before its messages or behind them.
///
/// Names are lower-case ASCII; a name can occur more than once. Only text is supported: names that end in `-bin` are
/// refused when sent, and read as text with replacement characters when received.
public struct RPCMetadata: Hashable, Sendable {
    /// One name and its value.
    public struct Entry: Hashable, Sendable {
        /// The name, in lower case.
        public var name: String
        /// The value, printable ASCII.
        public var value: String

        /// Makes an entry.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The entries in the order in which they travel.
    public var entries: [Entry]

    /// Makes metadata of entries.
    public init(_ entries: [Entry] = []) {
        self.entries = entries
    }

    /// Whether there is no entry.
    public var isEmpty: Bool { entries.isEmpty }

    /// The first value of a name; `nil` without one.
    public subscript(name: String) -> String? {
        entries.first { $0.name == name }?.value
    }

    /// Appends an entry.
    public mutating func append(_ name: String, _ value: String) {
        entries.append(Entry(name: name, value: value))
    }

    /// What is wrong with the first entry that cannot be sent; `nil` if all can.
    ///
    /// gRPC keeps names that begin with `grpc-` for itself, and HTTP/2 those that begin with a colon.
    var fault: String? {
        for entry in entries {
            let isName = entry.name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
            guard isName, !entry.name.isEmpty, !entry.name.hasPrefix("grpc-"), !entry.name.hasSuffix("-bin") else {
                return
                    "'\(entry.name)' cannot be the name of text metadata (a-z, 0-9, '-', '_', '.'; not grpc-…, …-bin)"
            }
            guard entry.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                return "the value of metadata '\(entry.name)' holds more than printable ASCII"
            }
        }
        return nil
    }
}

extension RPCMetadata: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { Entry(name: $0.0, value: $0.1) }
    }
}
