/// What a look at one file found.
enum FileContent: Hashable, Sendable {
    /// A checksum of the bytes, and their number.
    case bytes(checksum: UInt64, count: Int)
    /// It is not there.
    case missing
    /// It is there and cannot be read; the message says why.
    case unreadable(String)

    /// What these bytes are.
    init(_ bytes: [UInt8]) {
        // FNV-1a. Files are changed by whoever operates the cluster: chance is to be recognised here, not malice.
        var checksum: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { checksum = (checksum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        self = .bytes(checksum: checksum, count: bytes.count)
    }
}

/// Remembers what files held, so that a file whose stamp did not change need not be read again.
///
/// A stamp proves nothing about a file that was changed less than two seconds before it was read: another change may
/// have come in the same tick of the file system's clock (which may be as coarse as that) and left the stamp as it was.
struct FileContentMemory {
    /// How much older than its reading a change must be, in seconds, for the stamp to be believed.
    static let doubtSeconds: Int64 = 2

    private struct Entry {
        var stamp: FileStamp
        var readAt: Int64
        var content: FileContent
    }

    private var entries: [String: Entry] = [:]

    /// What the file holds, if its stamp proves that it is still what was read.
    func content(of path: String, stamp: FileStamp) -> FileContent? {
        guard let entry = entries[path], entry.stamp == stamp,
            stamp.changed.seconds + Self.doubtSeconds < entry.readAt
        else { return nil }
        return entry.content
    }

    /// The file was read.
    ///
    /// - Parameters:
    ///   - stamp: Its stamp before it was read.
    ///   - time: The time before it was read, in seconds since 1970.
    mutating func remember(_ content: FileContent, of path: String, stamp: FileStamp, readAt time: Int64) {
        entries[path] = Entry(stamp: stamp, readAt: time, content: content)
    }

    /// Forgets the files that are not among `paths`.
    mutating func keep(only paths: Set<String>) {
        entries = entries.filter { paths.contains($0.key) }
    }
}
