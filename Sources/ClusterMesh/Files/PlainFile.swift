#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file or directory that cannot be read, and why.
struct FileError: Error, Hashable, CustomStringConvertible {
    /// The file or directory.
    var file: String
    /// What is wrong with it.
    var message: String
    /// Whether there is nothing of that name.
    var isMissing = false
    /// Whether it is a directory, a pipe or the like.
    var isOtherKind = false

    var description: String { "\(file): \(message)" }
}

/// What the system says of a file without reading it. Two equal stamps mean the same content, unless the file was
/// written so shortly before the stamp was taken that the system's clock had not moved on.
struct FileStamp: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Timestamp
    /// When the content, or anything else about the file, last changed.
    var changed: Timestamp
    /// Who may read and write it, as in `chmod`.
    var permissions: UInt32

    /// A moment of the system's clock, since 1970.
    struct Timestamp: Hashable, Sendable {
        var seconds: Int64
        var nanoseconds: Int64
    }
}

/// Reads files of an operator: plain ones only, behind symbolic links too, without ever waiting for the other end of a
/// pipe, and never more than a bound.
enum PlainFile {
    /// What the system says of a file.
    static func stamp(of path: String) throws(FileError) -> FileStamp {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path, "cannot be looked at") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(file: path, message: "this is not a plain file", isOtherKind: true)
        }
        return stamp(status)
    }

    /// The bytes of a file.
    ///
    /// - Parameter limit: The most bytes; a larger file is refused.
    static func bytes(of path: String, atMost limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(file: path, message: "this is not a plain file", isOtherKind: true)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(limit, max(0, Int(status.st_size))))
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw failure(path, "cannot be read")
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                throw FileError(file: path, message: "the file has more than \(limit) bytes, the most that are read")
            }
            bytes += buffer[0..<count]
        }
    }

    /// The text of a file.
    ///
    /// - Parameter limit: The most bytes; a larger file is refused.
    static func text(of path: String, atMost limit: Int) throws(FileError) -> String {
        guard let text = String(validating: try bytes(of: path, atMost: limit), as: UTF8.self) else {
            throw FileError(file: path, message: "the file is not UTF-8")
        }
        return text
    }

    /// The most files of a directory that are looked at, unless fewer are asked for.
    static let maximumNames = 65_536

    /// The names in a directory that end in `suffix`, sorted; hidden files are left out.
    ///
    /// - Parameter limit: The most names; a directory with more of them is refused.
    static func names(
        in path: String, endingIn suffix: String, atMost limit: Int = maximumNames
    ) throws(FileError) -> [String] {
        guard let directory = opendir(path) else { throw failure(path, "cannot be read") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // Read where it is: an entry ends behind its name, and a copy of the whole field would go beyond.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            guard name.hasSuffix(suffix), !name.hasPrefix(".") else { continue }
            guard names.count < limit else {
                throw FileError(file: path, message: "it holds more than \(limit) files, the most that are looked at")
            }
            names.append(name)
        }
        return names.sorted()
    }

    private static func stamp(_ status: stat) -> FileStamp {
        FileStamp(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            inode: UInt64(truncatingIfNeeded: status.st_ino),
            size: Int64(status.st_size),
            modified: .init(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int64(status.st_mtim.tv_nsec)),
            changed: .init(seconds: Int64(status.st_ctim.tv_sec), nanoseconds: Int64(status.st_ctim.tv_nsec)),
            permissions: UInt32(status.st_mode & 0o7777)
        )
    }

    private static func failure(_ path: String, _ what: String) -> FileError {
        let number = errno
        if number == ENOENT { return FileError(file: path, message: "it does not exist", isMissing: true) }
        return FileError(file: path, message: "it \(what): \(String(cString: strerror(number)))")
    }
}
