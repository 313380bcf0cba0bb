// For `timespec`, which is the first C module's that mentions it.
internal import CGRPC
internal import Glibc

/// Says that whoever made a directory still runs: a lock on it, which the system takes back with the process, however
/// that ends.
struct DirectoryClaim: ~Copyable, Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Claims a directory; `nil` if another process or claim has it, or if there is no such directory.
    static func take(_ path: String) -> DirectoryClaim? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let claim = DirectoryClaim(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        return claim
    }

    /// Whether the directory is this user's, and was last changed at least `seconds` ago.
    func isOwnAndQuiet(for seconds: Int) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return status.st_uid == geteuid() && time(nil) - status.st_mtim.tv_sec >= seconds
    }
}
