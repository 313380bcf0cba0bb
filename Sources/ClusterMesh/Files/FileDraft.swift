#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that is written already, under a hidden name beside its place, and waits to be put there: so that of several
/// files none appears before all could be written.
struct FileDraft {
    /// Where the file belongs.
    let path: String
    private let draft: String

    /// Writes the text down to the disk, under a name that whoever looks into the directory passes over.
    ///
    /// - Throws: ``FileError`` that names the place.
    init(_ text: String, for path: String) throws(FileError) {
        self.path = path
        let slash = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        draft = path[..<slash] + ".\(path[slash...]).\(UInt64.random(in: .min ... .max))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, "cannot be made") }
        let failure = Self.fill(descriptor, Array(text.utf8))
        // Closing tells of a late failure on some file systems.
        guard close(descriptor) == 0, failure == 0 else {
            let error = Self.failure(path, "cannot be written", failure == 0 ? errno : failure)
            unlink(draft)
            throw error
        }
    }

    /// Puts the file in its place at once, whatever is there; then it is no draft any more.
    ///
    /// - Throws: ``FileError`` that names the place.
    func place() throws(FileError) {
        guard rename(draft, path) == 0 else { throw Self.failure(path, "cannot be put in its place") }
    }

    /// Removes the draft, if it was not put in its place.
    func discard() {
        unlink(draft)
    }

    /// Removes a file that is in its place.
    static func remove(_ path: String) {
        unlink(path)
    }

    /// Makes a directory, if it is missing.
    static func makeDirectory(_ path: String) throws(FileError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure(path, "cannot be made") }
    }

    /// What relative paths are meant to stand in.
    static func workingDirectory() throws(FileError) -> String {
        guard let path = getcwd(nil, 0) else { throw failure(".", "cannot be found") }
        defer { free(path) }
        return String(cString: path)
    }

    private static func fill(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            written += count
        }
        return fsync(descriptor) == 0 ? 0 : errno
    }

    private static func failure(_ path: String, _ what: String, _ number: Int32 = errno) -> FileError {
        FileError(file: path, message: "it \(what): \(String(cString: strerror(number)))")
    }
}
