internal import Glibc
internal import MeshCore

/// A non-blocking connection to a local address, for looking at what is at its other end.
///
/// No method waits.
struct ProbeSocket: ~Copyable {
    /// Where to connect to.
    enum Target: Hashable, Sendable {
        case tcp(IPAddress, port: Int)
        case unix(String)
    }

    /// A system call that failed: its error number.
    struct Failure: Error, Hashable {
        var number: Int32

        /// Whether nobody listens.
        var isRefusal: Bool { number == ECONNREFUSED || number == ENOENT }

        /// The system's word for it.
        var reason: String { String(cString: strerror(number)) }
    }

    private let descriptor: Int32

    /// Begins to connect.
    ///
    /// - Throws: ``Failure`` if there is no descriptor, or the connection is refused at once.
    init(connectingTo target: Target) throws(Failure) {
        let family =
            switch target {
            case .tcp(let address, _): address.family == .v4 ? AF_INET : AF_INET6
            case .unix: AF_UNIX
            }
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(family, flags, 0)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        let result = Self.connect(descriptor, to: target)
        let number = errno
        guard result == 0 || number == EINPROGRESS else {
            close(descriptor)
            throw Failure(number: number)
        }
    }

    deinit {
        close(descriptor)
    }

    private static func connect(_ descriptor: Int32, to target: Target) -> Int32 {
        switch target {
        case .unix(let path):
            return UnixSocketFile(path: path).withSocketAddress { Glibc.connect(descriptor, $0, $1) }
        case .tcp(let address, let port):
            let port = UInt16(truncatingIfNeeded: port).bigEndian
            switch address.family {
            case .v4:
                var target = sockaddr_in()
                target.sin_family = sa_family_t(AF_INET)
                target.sin_port = port
                inet_pton(AF_INET, address.description, &target.sin_addr)
                return connect(descriptor, &target)
            case .v6:
                var target = sockaddr_in6()
                target.sin6_family = sa_family_t(AF_INET6)
                target.sin6_port = port
                inet_pton(AF_INET6, address.description, &target.sin6_addr)
                return connect(descriptor, &target)
            }
        }
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        let length = socklen_t(MemoryLayout<Address>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
        }
    }

    /// Tells the other side that nothing will be sent, if the connection stands; returns whether it did.
    func finishSending() throws(Failure) -> Bool {
        if shutdown(descriptor, Int32(SHUT_WR)) == 0 { return true }
        guard errno == ENOTCONN else { throw Failure(number: errno) }
        // Not yet connected, or refused: the socket knows.
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        guard number == 0 else { throw Failure(number: number) }
        return false
    }

    /// Whether the other side has reacted: sent something, or closed the connection.
    func hasAnswer() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) >= 0 || (errno != EAGAIN && errno != EINTR)
    }
}
