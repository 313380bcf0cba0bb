internal import Glibc

/// The file of a Unix socket that a server listens on: who may reach the socket is who may reach the file.
///
/// The file lies in a directory that only its owner can enter, and is its owner's alone (0600 in 0700). Core binds it,
/// with the permissions that the process' mask leaves; the directory closes the moment until they are narrowed.
struct UnixSocketFile: Hashable, Sendable {
    /// The longest path that the system takes, in bytes: `sun_path` less its closing zero.
    static let maximumPathBytes = 107

    /// An absolute path without a ``fault(of:)``.
    let path: String

    /// Why a socket's file cannot be used.
    struct Fault: Error, Hashable {
        /// What is wrong with which file, and what to do.
        var message: String
    }

    /// What is wrong with a path; `nil` if nothing that can be seen from here.
    static func fault(of path: String) -> String? {
        if !path.hasPrefix("/") || path.hasPrefix("//") {
            return "the path of a Unix socket is absolute; '\(path)' is not"
        }
        if path.hasSuffix("/") { return "'\(path)' names a directory; give the path of a socket in it" }
        if path.utf8.count > maximumPathBytes {
            return "'\(path)' has \(path.utf8.count) bytes; the path of a Unix socket has at most \(maximumPathBytes)"
        }
        // Core reads the path as a part of a URI.
        let special = "%?#".utf8
        if let byte = path.utf8.first(where: { $0 <= 0x20 || $0 >= 0x7F || special.contains($0) }) {
            let shown = byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
            return "\(shown) cannot stand in the path of a Unix socket"
        }
        return nil
    }

    /// Core's word for the address.
    var coreAddress: String { "unix:\(path)" }

    /// The directory that the file lies in.
    var directory: String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    // MARK: - Listening

    /// Makes the place ready: makes the directory if it is missing, sees to it that it is closed to others, and removes
    /// a socket that nobody listens on any more, as a killed process leaves it.
    func prepare() throws(Fault) {
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw Fault(message: "cannot make the directory \(directory): \(Self.reason)")
        }
        var status = Glibc.stat()
        guard stat(directory, &status) == 0 else {
            throw Fault(message: "cannot look at the directory \(directory): \(Self.reason)")
        }
        guard status.st_uid == geteuid() else {
            throw Fault(
                message: "the directory \(directory) belongs to another user; give a socket in a directory of its own"
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw Fault(
                message: """
                    others may enter the directory \(directory) (mode \(mode)), so that the socket would be theirs, too: \
                    'chmod 700' it, or give a socket in a directory of its own
                    """
            )
        }
        try removeIfStale()
    }

    private func removeIfStale() throws(Fault) {
        var status = Glibc.stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw Fault(message: "cannot look at \(path): \(Self.reason)")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Fault(message: "\(path) is there and no socket; remove it, or give another path")
        }
        do throws(ProbeSocket.Failure) {
            _ = try ProbeSocket(connectingTo: .unix(path))
        } catch {
            guard error.isRefusal else {
                throw Fault(message: "cannot tell whether somebody listens on \(path): \(error.reason)")
            }
            guard unlink(path) == 0 || errno == ENOENT else {
                throw Fault(message: "cannot remove \(path), on which nobody listens: \(Self.reason)")
            }
            return
        }
        throw Fault(message: "somebody listens on \(path) already; stop who does, or give another path")
    }

    /// Leaves the bound socket to its owner alone.
    func restrict() throws(Fault) {
        guard chmod(path, 0o600) == 0 else {
            throw Fault(message: "cannot set the permissions of \(path): \(Self.reason)")
        }
    }

    /// The system's word for why the socket cannot be bound, which core does not tell.
    var bindFailure: String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return Self.reason }
        defer { close(descriptor) }
        let result = withSocketAddress { bind(descriptor, $0, $1) }
        guard result == 0 else { return Self.reason }
        unlink(path)
        return "the system gives no reason"
    }

    /// Calls `body` with the address as the system wants it.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { place in
            // The last byte stays zero.
            place.copyBytes(from: path.utf8.prefix(Self.maximumPathBytes))
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
