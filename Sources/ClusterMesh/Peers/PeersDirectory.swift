internal import MeshCore
internal import MeshTLS

/// A directory with one file for each peer, named like the peer: what a Kubernetes secret is when it is mounted.
///
/// A file counts if it is a plain one, behind symbolic links too, that ``PeerFile/isOne(_:)`` takes for a peer's. Hidden
/// names are skipped, and so is the own cluster's, since all clusters may share one secret. A file that cannot be used
/// changes nothing of a peer that came from it before.
///
/// A value: reading it again says what has become of it.
struct PeersDirectory: Sendable {
    /// The most names in the directory, certificates and keys among them.
    static let maximumFiles = 4096

    /// What the directory says.
    struct Reading: Sendable {
        /// The peers, by name.
        var peers: [FilePeer] = []
        /// What is wrong, in the order of the files' names.
        var faults: [PeerFault] = []
        /// The files that the peers' certificates and keys stand in, and their authorities.
        var credentialFiles: Set<String> = []
        /// Whether a file of credentials cannot be used, which time may mend.
        var lacksCredentials = false
        /// What was loaded already: peers may share what this agent shows.
        fileprivate var loaded: [[String]: Result<TLSCredentials, TLSError>] = [:]
    }

    let path: String
    private let cluster: ClusterName
    private var former: [ClusterName: FilePeer] = [:]
    private var formerCredentialFiles: Set<String> = []

    /// The directory of the peers of `cluster`; nothing is read yet.
    init(_ path: String, of cluster: ClusterName) {
        self.path = path
        self.cluster = cluster
    }

    /// What is wrong with the directory as a whole; `nil` if it can be read.
    var fault: PeerFault? {
        do throws(PeerFault) {
            _ = try names()
            return nil
        } catch {
            return error
        }
    }

    /// Reads all that is there.
    mutating func read() -> Reading {
        var reading = Reading()
        do throws(PeerFault) {
            for name in try names() { read(name, &reading) }
            formerCredentialFiles = reading.credentialFiles
            former = Dictionary(uniqueKeysWithValues: reading.peers.map { ($0.configuration.name, $0) })
        } catch {
            // A volume that is away is no wish to leave the mesh.
            reading.peers = former.values.sorted { $0.configuration.name < $1.configuration.name }
            reading.credentialFiles = formerCredentialFiles
            reading.faults = [error.meaning(former.isEmpty ? .notTaken : .formerKept)]
        }
        return reading
    }

    private func names() throws(PeerFault) -> [String] {
        do throws(FileError) {
            return try PlainFile.names(in: path, endingIn: "", atMost: Self.maximumFiles)
        } catch {
            throw PeerFault("the peers' directory cannot be read: \(error.message)", file: path)
        }
    }

    // MARK: One file

    private func read(_ name: String, _ reading: inout Reading) {
        let file = path + "/" + name
        let former = (try? ClusterName(name)).flatMap { self.former[$0] }
        do throws(PeerFault) {
            guard let text = try text(of: file, wasOne: former != nil, named: name) else { return }
            guard let name = try peerName(name, file) else { return }
            let content = try PeerFile(parsing: text, file: file)
            reading.faults += content.notes
            reading.credentialFiles.formUnion([content.roots.path, content.certificate.path, content.key.path])
            guard let credentials = credentials(content, file, former != nil, &reading) else {
                if let former { reading.peers.append(former) }
                return
            }
            reading.peers.append(
                FilePeer(
                    configuration: PeerConfiguration(
                        name: name, endpoints: content.endpoints, credentials: credentials),
                    file: file
                ))
        } catch {
            guard let former, error.effect == .notTaken else { return reading.faults.append(error) }
            reading.peers.append(former)
            reading.faults.append(error.meaning(.formerKept))
            reading.credentialFiles.formUnion(formerCredentialFiles)
        }
    }

    /// The text of a file that is a peer's; `nil` if it is none, or not there.
    private func text(of file: String, wasOne: Bool, named name: String) throws(PeerFault) -> String? {
        let bytes: [UInt8]
        do throws(FileError) {
            let stamp = try PlainFile.stamp(of: file)
            guard stamp.size <= PeerFile.maximumBytes || wasOne else { return nil }
            bytes = try PlainFile.bytes(of: file, atMost: PeerFile.maximumBytes)
        } catch {
            if error.isMissing { return nil }
            // Whether it is a peer's cannot be known; its name says whether it could be.
            guard wasOne || (!error.isOtherKind && (try? ClusterName(name)) != nil) else { return nil }
            throw PeerFault(error.message, file: file)
        }
        guard PeerFile.isOne(bytes) else {
            guard wasOne else { return nil }
            throw PeerFault("it holds no 'endpoints:' any more; remove the file to remove the peer", file: file)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PeerFault("the file is not UTF-8", file: file)
        }
        return text
    }

    /// The peer's name; `nil` for the own cluster's.
    private func peerName(_ name: String, _ file: String) throws(PeerFault) -> ClusterName? {
        let peer: ClusterName
        do {
            peer = try ClusterName(name)
        } catch {
            throw PeerFault("the file's name is the peer's, and this is none: \(error)", file: file)
        }
        guard !peer.isUnmeshed else {
            throw PeerFault("the file's name is the peer's: \(ClusterName.unmeshedFault)", file: file)
        }
        guard peer != cluster else {
            throw PeerFault("it is named like this cluster itself", file: file, effect: .ignored)
        }
        return peer
    }

    private func credentials(
        _ content: PeerFile, _ file: String, _ isKnown: Bool, _ reading: inout Reading
    ) -> TLSCredentials? {
        let paths = [content.certificate, content.key, content.roots]
        let loaded =
            reading.loaded[paths.map(\.path)]
            ?? Result { () throws(TLSError) in
                try TLSCredentials.load(
                    certificate: paths[0].path, key: paths[1].path, roots: paths[2].path, purpose: .client)
            }
        reading.loaded[paths.map(\.path)] = loaded
        switch loaded {
        case .success(let credentials):
            return credentials
        case .failure(let error):
            let places = zip(["cert-file", "key-file", "trusted-ca-file"], paths).map { ($0, $1) }
            let place = places.first { $0.1.path == error.file } ?? places[0]
            reading.lacksCredentials = true
            reading.faults.append(
                PeerFault(
                    "\(error)", file: file, line: place.1.line, key: place.0,
                    effect: isKnown ? .formerKept : .notTaken))
            return nil
        }
    }
}
