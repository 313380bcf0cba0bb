internal import Foundation

/// A system call that failed.
public struct SystemCallError: Error, CustomStringConvertible {
    /// Which call, and what the system said.
    public var description: String

    init(_ call: String, _ number: Int32 = errno) {
        description = "\(call): \(String(cString: strerror(number)))"
    }
}

/// Ports for servers that tests start.
public enum FreePort {
    /// `count` different TCP ports of 127.0.0.1 that nobody listens on at this moment.
    ///
    /// They are not reserved: another process can take one before the caller does. Prefer port 0 where a server
    /// supports it, and try again with new ports where a server says that its port is in use.
    public static func find(_ count: Int = 1) throws -> [Int] {
        var sockets: [Int32] = []
        defer { sockets.forEach { _ = close($0) } }
        var ports: [Int] = []
        // All are held until the last is found, so that they differ.
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw SystemCallError("socket") }
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let failure: String? = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    guard bind(descriptor, generic, length) == 0 else { return "bind" }
                    return getsockname(descriptor, generic, &length) == 0 ? nil : "getsockname"
                }
            }
            if let failure { throw SystemCallError(failure) }
            ports.append(Int(UInt16(bigEndian: address.sin_port)))
        }
        return ports
    }
}
