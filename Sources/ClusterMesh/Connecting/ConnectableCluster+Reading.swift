internal import MeshClient
package import MeshCore
package import MeshRecords
internal import MeshTLS

extension ConnectableCluster {
    /// Reads a cluster's directory; nothing is written, and no endpoint is asked.
    ///
    /// - Throws: ``ClusterConnectionError`` that names the file, and the line and key where there are any.
    public init(reading directory: String) throws(ClusterConnectionError) {
        do {
            self = try Self.read(ClusterDirectory(directory))
        } catch let error as ClusterConnectionError {
            throw error
        } catch {
            throw ClusterConnectionError("\(error)")
        }
    }

    private static func read(_ directory: ClusterDirectory) throws -> ConnectableCluster {
        let file = "\(directory)/\(configurationFile)"
        let configuration = try ServeConfiguration(try ServeSettings(readingFile: file))
        return ConnectableCluster(
            directory: directory.path,
            name: configuration.name,
            id: configuration.id,
            idSpace: configuration.idSpace,
            endpoints: try endpoints(configuration, file),
            podCIDRs: try podCIDRs(configuration),
            authorityFile: configuration.authorities,
            authorities: try CertificateInspector.inspect(file: configuration.authorities),
            client: try client(of: configuration.name, in: directory),
            peersDirectory: configuration.peers ?? directory.path + "/peers"
        )
    }

    /// The URLs that are advertised, or else the address that is listened on, where that is one to connect to.
    private static func endpoints(
        _ configuration: ServeConfiguration, _ file: String
    ) throws(ClusterConnectionError) -> [String] {
        guard configuration.advertised.isEmpty else { return configuration.advertised }
        guard configuration.port != 0, !["0.0.0.0", "::"].contains(configuration.host) else {
            throw ClusterConnectionError(
                "\(file): the address that is listened on is none to connect to; say under 'advertise' at which URL "
                    + "other clusters reach '\(configuration.name)'")
        }
        return [EtcdEndpoint(host: configuration.host, port: configuration.port).description]
    }

    /// What the configuration says, and what the nodes in the state files have.
    private static func podCIDRs(_ configuration: ServeConfiguration) throws -> [IPPrefix] {
        var ranges = Set(configuration.podCIDRs.map(\.masked))
        for line in try configuration.state?.load() ?? [] {
            // What is no node, or none that can be read, is for the agent to refuse.
            guard case .record(.node, _, _) = try? StateKey(parsing: line.key),
                let node = try? NodeRecord(decoding: line.value)
            else { continue }
            ranges.formUnion(node.podCIDRs.map(\.masked))
        }
        return ranges.sorted()
    }

    private static func client(of name: ClusterName, in directory: ClusterDirectory) throws -> Client {
        let commonName = "remote-\(name)"
        do {
            // Read as the agent will, with its key.
            let credentials = try directory.loadClientCredentials(commonName)
            return Client(
                certificate: try directory.clientCertificate(commonName),
                key: try directory.clientKey(commonName),
                description: try CertificateInspector.inspectFirst(pem: credentials.certificateChain)
            )
        } catch {
            guard error.code == .fileMissing else { throw error }
            throw ClusterConnectionError(
                "\(error); 'clustermesh certs client --cluster \(name) --out \(directory)' issues it, with --ca and the "
                    + "directory of the authority where that is another one")
        }
    }
}

extension NodeRecord {
    /// The addresses of the node's pods, of both families.
    package var podCIDRs: [IPPrefix] {
        [ipv4AllocationCIDR, ipv6AllocationCIDR].compactMap(\.self)
            + ipv4SecondaryAllocationCIDRs + ipv6SecondaryAllocationCIDRs
    }
}
