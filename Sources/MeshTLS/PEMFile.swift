#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Reading and writing the files that certificates and keys are in.
enum PEMFile {
    /// Who may read a file that is written.
    enum Access: mode_t {
        /// Everybody: a certificate is shown to whoever connects anyway.
        case everybody = 0o644
        /// The owner only: a private key.
        case owner = 0o600
    }

    /// The text of a file.
    ///
    /// - Throws: ``TLSError`` that names the file: missing, unreadable, no plain file, or too large.
    static func text(of path: String) throws(TLSError) -> String {
        // Not to wait for the other end, should it be a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno != ENOENT else { throw TLSError(.fileMissing, "there is no such file", file: path) }
            throw TLSError(.fileUnreadable, "the file cannot be opened", file: path, cause: systemText())
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TLSError(.fileUnreadable, "this is not a plain file", file: path)
        }
        let limit = PEMLimits.maximumFileBytes
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw TLSError(.fileUnreadable, "the file cannot be read", file: path, cause: systemText())
            }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[0..<count]
            guard bytes.count <= limit else {
                throw TLSError(.fileTooLarge, "the file has more than \(limit) bytes", file: path)
            }
        }
    }

    /// Writes a file whole or not at all: under another name first, with its final mode from the beginning, then
    /// renamed.
    ///
    /// - Parameter replacing: Whether a file of that name is replaced.
    /// - Throws: ``TLSError`` that names the file.
    static func save(_ text: String, to path: String, access: Access, replacing: Bool) throws(TLSError) {
        let draft = path + ".\(UInt64.random(in: .min ... .max)).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, access.rawValue)
        guard descriptor >= 0 else {
            throw TLSError(.fileUnwritable, "the file cannot be made", file: path, cause: systemText())
        }
        var draftIsLeft = true
        defer { if draftIsLeft { unlink(draft) } }
        let failure = fill(descriptor, Array(text.utf8), access.rawValue)
        // Closing tells of a late failure on some file systems.
        let closed = close(descriptor)
        guard failure == 0, closed == 0 else {
            throw TLSError(
                .fileUnwritable, "the file cannot be written", file: path,
                cause: systemText(failure == 0 ? errno : failure)
            )
        }
        // A second name, unlike a rename, never replaces what is there.
        let placed = replacing ? rename(draft, path) : link(draft, path)
        guard placed == 0 else {
            guard errno != EEXIST else {
                throw TLSError(.fileExists, "the file is there already and was left as it is", file: path)
            }
            throw TLSError(.fileUnwritable, "the file cannot be put in its place", file: path, cause: systemText())
        }
        draftIsLeft = !replacing
    }

    /// Makes a directory and the ones above it, where they are missing.
    static func makeDirectory(_ path: String) throws(TLSError) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw TLSError(.fileUnwritable, "this is not a directory", file: path)
            }
            return
        }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw TLSError(.fileUnwritable, "the directory cannot be made", file: path, cause: systemText())
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw TLSError(.fileUnwritable, "the directory cannot be made", file: path, cause: systemText())
        }
    }

    /// The names in a directory, in no order.
    ///
    /// - Throws: ``TLSError`` that names the directory.
    static func names(in path: String) throws(TLSError) -> [String] {
        guard let directory = opendir(path) else {
            guard errno != ENOENT else { throw TLSError(.fileMissing, "there is no such directory", file: path) }
            throw TLSError(.fileUnreadable, "the directory cannot be read", file: path, cause: systemText())
        }
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

    /// Whether anything has this name.
    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Writes everything, whatever the process' file mode mask says, down to the disk; 0 or the error's number.
    private static func fill(_ descriptor: Int32, _ bytes: [UInt8], _ mode: mode_t) -> Int32 {
        guard fchmod(descriptor, mode) == 0 else { return errno }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            written += count
        }
        return fsync(descriptor) == 0 ? 0 : errno
    }

    private static func systemText(_ number: Int32 = errno) -> String {
        String(cString: strerror(number))
    }
}
