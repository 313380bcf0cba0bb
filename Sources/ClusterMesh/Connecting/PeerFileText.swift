internal import MeshCore
internal import MeshTLS

extension ConnectableCluster {
    /// The file that tells this cluster how to reach `other`: the other's name, in the directory of peers.
    func peerFile(of other: ConnectableCluster) -> String { "\(peersDirectory)/\(other.name)" }

    /// The text of that file: etcd's client configuration, with paths that are meant to stand beside it, so that the
    /// cluster's directory can be moved as a whole.
    ///
    /// - Parameter workingDirectory: What relative paths are meant to stand in.
    func peerFileText(of other: ConnectableCluster, workingDirectory: String) -> String {
        func path(_ file: String) -> String {
            Self.scalar(Self.path(file, from: peersDirectory, workingDirectory: workingDirectory))
        }
        return """
            # How '\(name)' reaches '\(other.name)'. Written by 'clustermesh connect'.
            endpoints:
            \(other.endpoints.map { "- " + Self.scalar($0) }.joined(separator: "\n"))
            trusted-ca-file: \(path(authorityFile))
            cert-file: \(path(client.certificate))
            key-file: \(path(client.key))

            """
    }

    /// The path of a file as seen from a directory.
    static func path(_ file: String, from directory: String, workingDirectory: String) -> String {
        let file = parts(file, workingDirectory)
        let directory = parts(directory, workingDirectory)
        let common = zip(file, directory).prefix { $0 == $1 }.count
        let upwards = Array(repeating: "..", count: directory.count - common)
        return (upwards + file[common...]).joined(separator: "/")
    }

    /// The names on the way from the root, without `.` and `..`.
    private static func parts(_ path: String, _ workingDirectory: String) -> [String] {
        let absolute = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        var parts: [String] = []
        for part in absolute.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
        }
        return parts
    }

    /// A text as YAML takes it for a text, whatever is in it.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        return isPlain ? text : "'" + text.replacing("'", with: "''") + "'"
    }
}
