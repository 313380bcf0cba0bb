internal import Glibc

// What a killed process could not remove: nobody claims its directory any more.

extension CredentialsDirectory {
    /// What the names of all directories of credentials begin with.
    static let namePrefix = "clustermesh-credentials-"

    /// How old a directory is before it may be a leftover, in seconds: one that is just being made is not claimed yet.
    static let leftoverAge = 60

    /// How many leftovers are removed at most when a directory is made; others remain for the next.
    static let maximumLeftovers = 1_000

    /// Removes the directories that processes of this user left in `parent` when they were killed, with the keys in them.
    static func removeLeftovers(in parent: String) {
        let leftovers = entries(of: parent).filter { $0.hasPrefix(namePrefix) }
        for name in leftovers.prefix(maximumLeftovers) {
            let path = "\(parent)/\(name)"
            guard let claim = DirectoryClaim.take(path), claim.isOwnAndQuiet(for: leftoverAge) else { continue }
            for entry in entries(of: path) where Int(entry) != nil { removeSet(at: "\(path)/\(entry)") }
            for link in ["current", "next"] { unlink("\(path)/\(link)") }
            // Stays if there is anything in it that is not ours.
            rmdir(path)
            _ = consume claim
        }
    }

    /// The names in a directory, without `.` and `..`; none if it can't be read.
    private static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // Read where it is: an entry ends behind its name, and a copy of the whole field would go beyond.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
