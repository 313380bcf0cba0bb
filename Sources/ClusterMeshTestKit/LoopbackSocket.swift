import Glibc

/// Makes reads and writes of a descriptor return at once, and keeps it from programs that the process starts.
func setWithoutWaiting(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}

/// A TCP socket on loopback that never waits; closed by its owner, once.
struct LoopbackSocket: Sendable {
    let descriptor: Int32

    /// What a call that does not wait came back with.
    enum Outcome: Equatable {
        case bytes(Int)
        case wouldBlock
        case ended
    }

    /// Listens on 127.0.0.1; port 0 takes a free one.
    static func listening(port: Int = 0) throws(FaultyLinkError) -> (socket: LoopbackSocket, port: Int) {
        let socket = try make()
        var yes: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = loopback(port: port)
        let bound = withSocketAddress(&address) { bind(socket.descriptor, $0, $1) }
        guard bound == 0, listen(socket.descriptor, 128) == 0 else {
            let reason = errno
            socket.close()
            throw FaultyLinkError("cannot listen on 127.0.0.1:\(port): \(String(cString: strerror(reason)))")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.descriptor, $0, &length) }
        }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Begins to connect to a port of 127.0.0.1; the socket becomes writable when that is done.
    static func connecting(port: Int) throws(FaultyLinkError) -> LoopbackSocket {
        let socket = try make()
        var address = loopback(port: port)
        let result = withSocketAddress(&address) { connect(socket.descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            let reason = errno
            socket.close()
            throw FaultyLinkError("cannot connect to 127.0.0.1:\(port): \(String(cString: strerror(reason)))")
        }
        return socket
    }

    /// The next waiting connection; `nil` if there is none.
    func accepted() -> LoopbackSocket? {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        setWithoutWaiting(accepted)
        LoopbackSocket(descriptor: accepted).sendWithoutDelay()
        return LoopbackSocket(descriptor: accepted)
    }

    func read(into buffer: inout [UInt8], atMost count: Int) -> Outcome {
        let result = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, min(count, $0.count)) }
        if result > 0 { return .bytes(result) }
        return result < 0 && (errno == EAGAIN || errno == EINTR) ? .wouldBlock : .ended
    }

    func write(_ bytes: ArraySlice<UInt8>) -> Outcome {
        let result = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if result >= 0 { return .bytes(result) }
        return errno == EAGAIN || errno == EINTR || errno == ENOTCONN ? .wouldBlock : .ended
    }

    /// Tells the other side that nothing follows.
    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Closes the connection so that the other side sees a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        Glibc.close(descriptor)
    }

    private func sendWithoutDelay() {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func make() throws(FaultyLinkError) -> LoopbackSocket {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else {
            throw FaultyLinkError("cannot make a socket: \(String(cString: strerror(errno)))")
        }
        let made = LoopbackSocket(descriptor: descriptor)
        made.sendWithoutDelay()
        return made
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return address
    }

    private static func withSocketAddress(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
