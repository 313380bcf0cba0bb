/// Decides when files have changed, from repeated looks at them.
///
/// A change counts once two looks in a row found the same: a file that is being written is looked at again soon, instead
/// of being taken half. Files that never come to rest are reported nonetheless, after ``maximumUnrest`` looks.
///
/// It knows contents by name and nothing else; time, and what lies behind a name, are its owner's.
struct FileChangeDetector {
    /// What a look means.
    enum Step: Hashable {
        /// Nothing is new.
        case unchanged
        /// Something is new, and may be half written: look again shortly.
        case unsettled
        /// The files have changed, and are at rest.
        case changed
    }

    /// After how many looks in a row that all differed a change is reported anyway.
    static let maximumUnrest = 20

    private var reported: [String: FileContent]
    private var candidate: [String: FileContent]?
    private var unrest = 0

    /// The names of all files that were found by the last look.
    var names: [String] { Array((candidate ?? reported).keys) }

    /// - Parameter contents: What the owner knows already, by name; later looks are compared with it.
    init(_ contents: [String: FileContent]) {
        reported = contents
    }

    /// The files were looked at.
    mutating func looked(_ contents: [String: FileContent]) -> Step {
        if contents == reported {
            candidate = nil
            unrest = 0
            return .unchanged
        }
        unrest += 1
        guard contents == candidate || unrest > Self.maximumUnrest else {
            candidate = contents
            return .unsettled
        }
        candidate = nil
        unrest = 0
        reported = contents
        return .changed
    }
}
