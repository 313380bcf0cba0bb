// For `timespec`, which is the first C module's that mentions it.
internal import CGRPC
internal import Glibc
internal import MeshCore

/// A private copy of a server's credentials on disk, where core looks for changes, because core takes new ones in no
/// other way.
///
/// The directory has mode 0700 and a name that nobody knows beforehand. Each set of credentials has a directory of its
/// own in it, and `current` is a symbolic link to one of them, which a rename moves: so a certificate is never seen with
/// another's key, unless core opens one file before and one after the rename. It compares the files' times to notice
/// that, and they differ, because every set has a time of its own.
///
/// It lies in memory (`/dev/shm`) where the system has that. It is claimed for as long as it is used, so that the next
/// one that is made in the same place can tell what a killed process left behind, and removes that.
final class CredentialsDirectory: Sendable {
    /// How often core looks for a change, in seconds: its shortest.
    static let refreshSeconds: UInt32 = 1

    private struct State: Sendable {
        /// The number of the set that is current; 0 before the first.
        var generation = 0
        var isRemoved = false
    }

    private let path: String
    private let claim: DirectoryClaim
    private let state = Locked(State())

    /// The file that core reads the certificate chain from.
    var certificate: String { path + "/current/" + Self.certificateName }
    /// The file that core reads the private key from.
    var key: String { path + "/current/" + Self.keyName }
    /// The file that core reads the trusted roots from.
    var roots: String { path + "/current/" + Self.rootsName }

    private static let certificateName = "tls.crt"
    private static let keyName = "tls.key"
    private static let rootsName = "ca.crt"

    /// Makes a directory in `parent` (`nil`: where the system keeps such things) and puts `credentials` into it.
    init(_ credentials: TLSCredentials, in parent: String? = nil) throws(CredentialsDirectoryError) {
        let parent = parent ?? Self.systemDirectory
        Self.removeLeftovers(in: parent)
        var template = Array("\(parent)/\(Self.namePrefix)XXXXXX".utf8CString)
        // Makes the directory with mode 0700.
        guard mkdtemp(&template) != nil else { throw .of("make a directory in", parent) }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let claim = DirectoryClaim.take(path) else {
            let error = CredentialsDirectoryError.of("claim", path)
            rmdir(path)
            throw error
        }
        self.claim = claim
        do throws(CredentialsDirectoryError) {
            try replace(with: credentials)
        } catch {
            remove()
            throw error
        }
    }

    deinit {
        remove()
    }

    /// Makes `credentials` the current ones; core takes them for new handshakes within about ``refreshSeconds``.
    ///
    /// The ones before stay on disk until the next time, for a reader who is in the middle of them.
    func replace(with credentials: TLSCredentials) throws(CredentialsDirectoryError) {
        try state.withLock { state throws(CredentialsDirectoryError) in
            guard !state.isRemoved else { throw CredentialsDirectoryError(message: "the server has ended") }
            let generation = state.generation + 1
            // Of a former attempt that failed half-way.
            Self.removeSet(at: set(generation))
            do throws(CredentialsDirectoryError) {
                try write(credentials, as: generation)
            } catch {
                Self.removeSet(at: set(generation))
                throw error
            }
            state.generation = generation
            Self.removeSet(at: set(generation - 2))
        }
    }

    /// Removes the directory with all keys in it. Nothing can be put into it afterwards.
    func remove() {
        state.withLock { state in
            guard !state.isRemoved else { return }
            state.isRemoved = true
            unlink(path + "/current")
            for generation in max(0, state.generation - 1)...state.generation + 1 {
                Self.removeSet(at: set(generation))
            }
            rmdir(path)
        }
    }

    private func set(_ generation: Int) -> String { "\(path)/\(generation)" }

    private func write(_ credentials: TLSCredentials, as generation: Int) throws(CredentialsDirectoryError) {
        let directory = set(generation)
        guard mkdir(directory, 0o700) == 0 else { throw .of("make", directory) }
        for (name, text) in [
            (Self.certificateName, credentials.certificateChain),
            (Self.keyName, credentials.privateKey),
            (Self.rootsName, credentials.trustedRoots),
        ] {
            try Self.write(text, to: "\(directory)/\(name)", time: generation)
        }
        let link = path + "/next"
        unlink(link)
        guard symlink("\(generation)", link) == 0 else { throw .of("make", link) }
        guard rename(link, path + "/current") == 0 else { throw .of("rename", link) }
    }

    private static func write(_ text: String, to path: String, time: Int) throws(CredentialsDirectoryError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .of("make", path) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .of("write", path) }
            rest = rest.dropFirst(written)
        }
        // Whole seconds are all that core compares.
        let moment = timespec(tv_sec: time, tv_nsec: 0)
        guard futimens(descriptor, [moment, moment]) == 0 else { throw .of("set the time of", path) }
    }

    /// Removes a set of credentials, as far as it is there.
    static func removeSet(at directory: String) {
        for name in [certificateName, keyName, rootsName] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    /// Where the system keeps what need not outlive its next start.
    private static var systemDirectory: String {
        if access("/dev/shm", R_OK | W_OK | X_OK) == 0 { return "/dev/shm" }
        return getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    }
}

/// Why credentials could not be laid down where core reads them.
struct CredentialsDirectoryError: Error, Hashable {
    var message: String

    /// What the system refused just now, and why.
    static func of(_ action: String, _ path: String) -> CredentialsDirectoryError {
        let reason = String(cString: strerror(errno))
        return CredentialsDirectoryError(message: "cannot \(action) \(path): \(reason)")
    }
}
