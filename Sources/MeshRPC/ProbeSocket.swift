internal import Glibc

/// A non-blocking TCP connection to a local address, for looking at what is at its other end.
///
/// No method waits.
struct ProbeSocket: ~Copyable {
    /// A system call that failed: its error number.
    struct Failure: Error, Hashable {
        var number: Int32

        /// Whether nobody listens.
        var isRefusal: Bool { number == ECONNREFUSED }

        /// The system's word for it.
        var reason: String { String(cString: strerror(number)) }
    }

    enum Readiness: Hashable {
        case notYet
        /// Something was received, or the other side has closed the connection.
        case answered
    }

    private let descriptor: Int32

    /// Begins to connect to a numeric address.
    ///
    /// - Throws: ``Failure`` if there is no descriptor, or the connection is refused at once.
    init(connectingTo address: IPAddressText, port: Int) throws(Failure) {
        let family =
            switch address {
            case .v4: AF_INET
            case .v6: AF_INET6
            }
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(family, flags, 0)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        let result: Int32
        switch address {
        case .v4(let text):
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
            inet_pton(AF_INET, text, &target.sin_addr)
            result = Self.connect(descriptor, &target)
        case .v6(let text):
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = UInt16(truncatingIfNeeded: port).bigEndian
            inet_pton(AF_INET6, text, &target.sin6_addr)
            result = Self.connect(descriptor, &target)
        }
        let number = errno
        guard result == 0 || number == EINPROGRESS else {
            close(descriptor)
            throw Failure(number: number)
        }
    }

    deinit {
        close(descriptor)
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        let length = socklen_t(MemoryLayout<Address>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
        }
    }

    /// Sends a few bytes if the connection stands; returns whether it did.
    func send(_ bytes: [UInt8]) throws(Failure) -> Bool {
        let sent = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        if sent >= 0 { return true }
        switch errno {
        case EAGAIN, ENOTCONN, EINTR: return false
        default: throw Failure(number: errno)
        }
    }

    /// Whether the other side has reacted.
    func readiness() -> Readiness {
        var byte: UInt8 = 0
        if recv(descriptor, &byte, 1, 0) >= 0 { return .answered }
        switch errno {
        case EAGAIN, EINTR: return .notYet
        default: return .answered
        }
    }
}
