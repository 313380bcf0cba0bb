/// What is wrong with a file of the peers' directory, and what that means for its peer.
public struct PeerFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a fault means.
    public enum Effect: String, Hashable, Sendable {
        /// There is no such peer, or not all that there should be.
        case notTaken
        /// The peer, or all of them, stay as they were before.
        case formerKept
        /// The file, or the key in it, says nothing here; nothing is amiss.
        case ignored
    }

    /// The file, or the directory.
    public var file: String
    /// The line, counted from 1; `nil` where the whole file is meant.
    public var line: Int?
    /// The key in the file, as it stands there; `nil` where none is meant.
    public var key: String?
    /// What is wrong, and what would be right.
    public var message: String
    /// What it means for the peer.
    public var effect: Effect

    init(_ message: String, file: String, line: Int? = nil, key: String? = nil, effect: Effect = .notTaken) {
        self.file = file
        self.line = line
        self.key = key
        self.message = message
        self.effect = effect
    }

    /// The fault with another meaning.
    func meaning(_ effect: Effect) -> PeerFault {
        var fault = self
        fault.effect = effect
        return fault
    }

    /// `peers/kos:3: endpoints: …`, with what it means where that is not plain.
    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        let end =
            switch effect {
            case .notTaken: ""
            case .formerKept: " (what was read before stays in force)"
            case .ignored: " (ignored)"
            }
        return "\(place): \(key.map { "\($0): " } ?? "")\(message)\(end)"
    }
}
