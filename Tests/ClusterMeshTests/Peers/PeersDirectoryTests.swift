import Foundation
import MeshClient
import MeshCore
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct PeersDirectoryTests {
    private let root: TemporaryDirectory
    private var directory: PeersDirectory

    init() throws {
        root = try TemporaryDirectory()
        _ = try TestCertificates.client("remote-athens").write(to: root, as: "peers/client")
        directory = PeersDirectory(root.file("peers"), of: try ClusterName("athens"))
    }

    private static func text(_ endpoint: String = "https://kos:1", credentials: String = "client") -> String {
        """
        endpoints: ['\(endpoint)']
        trusted-ca-file: \(credentials)-ca.crt
        cert-file: \(credentials).crt
        key-file: \(credentials).key

        """
    }

    @discardableResult
    private func write(_ text: String = text(), to name: String) throws -> String {
        try root.write(text, to: "peers/\(name)")
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: root.file("peers/\(name)"))
    }

    private func names(_ reading: PeersDirectory.Reading) -> [String] {
        reading.peers.map(\.configuration.name.rawValue)
    }

    // MARK: What is a peer

    @Test mutating func aFileIsThePeerOfItsName() throws {
        try write(to: "kos")
        try write(Self.text("https://hurup:2"), to: "hurup")
        let reading = directory.read()
        #expect(names(reading) == ["hurup", "kos"])
        let hurup = try #require(reading.peers.first)
        #expect(hurup.configuration.endpoints == [EtcdEndpoint(host: "hurup", port: 2)])
        #expect(hurup.configuration.id == nil)
        #expect(hurup.configuration.credentials.certificateChain.contains("BEGIN CERTIFICATE"))
        #expect(hurup.file == root.file("peers/hurup"))
        #expect(reading.faults == [])
        #expect(
            reading.credentialFiles
                == Set(["client-ca.crt", "client.crt", "client.key"].map { root.file("peers/\($0)") }))
    }

    @Test mutating func certificatesHiddenNamesDirectoriesAndOtherFilesAreNoPeers() throws {
        try write(to: "kos")
        try write(to: ".kos.swp")
        try write("nothing", to: "README")
        try write("endpoints are elsewhere", to: "notes")
        try write(to: "sub/hurup")
        try write(String(repeating: "# long\n", count: 20_000) + Self.text(), to: "long")
        let reading = directory.read()
        #expect(names(reading) == ["kos"])
        #expect(reading.faults == [])
    }

    @Test mutating func theOwnClustersFileIsIgnoredAndSaysSo() throws {
        try write(to: "athens")
        let reading = directory.read()
        #expect(reading.peers == [])
        #expect(reading.faults.map(\.effect) == [.ignored])
        #expect(reading.faults.first?.file == root.file("peers/athens"))
    }

    @Test(arguments: ["Kos", "a_b", "kos.yaml", "-kos", "default"])
    mutating func aNameThatNoClusterHasIsReported(_ name: String) throws {
        try write(to: name)
        try write(to: "hurup")
        let reading = directory.read()
        #expect(names(reading) == ["hurup"])
        #expect(reading.faults.map(\.file) == [root.file("peers/\(name)")])
        #expect(reading.faults.first?.effect == .notTaken)
    }

    // MARK: Faults

    @Test mutating func aBrokenFileIsReportedAndTheOthersAreTaken() throws {
        try write("endpoints: [http://kos]\n", to: "kos")
        try write(to: "hurup")
        let reading = directory.read()
        #expect(names(reading) == ["hurup"])
        #expect(reading.faults.map(\.file) == [root.file("peers/kos")])
        #expect(reading.faults.first?.effect == .notTaken)
    }

    @Test(arguments: ["endpoints: [http://kos]\n", "endpoints: [", "endpoints: \u{FF}x", "nothing", ""])
    mutating func aFileThatBecomesBrokenChangesNothing(_ text: String) throws {
        try write(to: "kos")
        let before = directory.read()
        try write(text, to: "kos")
        for _ in 0..<2 {
            let reading = directory.read()
            #expect(reading.peers == before.peers)
            #expect(reading.faults.map(\.effect) == [.formerKept])
            #expect(reading.credentialFiles == before.credentialFiles)
        }
        try write(Self.text("https://kos:2"), to: "kos")
        let after = directory.read()
        #expect(after.peers.first?.configuration.endpoints.first?.port == 2)
        #expect(after.faults == [])
    }

    @Test mutating func aFileThatGrowsBeyondItsBoundChangesNothing() throws {
        try write(to: "kos")
        let before = directory.read()
        try write(Self.text() + String(repeating: "# long\n", count: 20_000), to: "kos")
        let reading = directory.read()
        #expect(reading.peers == before.peers)
        #expect(reading.faults.first?.message.contains("\(PeerFile.maximumBytes) bytes") == true)
    }

    @Test mutating func aRemovedFileRemovesThePeer() throws {
        try write(to: "kos")
        _ = directory.read()
        try remove("kos")
        let reading = directory.read()
        #expect(reading.peers == [])
        #expect(reading.faults == [])
    }

    @Test mutating func aDirectoryThatIsMissingIsReportedAndTheFormerPeersStay() throws {
        try write(to: "kos")
        let before = directory.read()
        try FileManager.default.moveItem(atPath: root.file("peers"), toPath: root.file("away"))
        let away = directory.read()
        #expect(away.peers == before.peers)
        #expect(away.faults.map(\.effect) == [.formerKept])
        #expect(away.faults.first?.file == root.file("peers"))
        try FileManager.default.moveItem(atPath: root.file("away"), toPath: root.file("peers"))
        #expect(directory.read().faults == [])
    }

    @Test mutating func tooManyFilesAreReportedAndTheFormerPeersStay() throws {
        try write(to: "kos")
        let before = directory.read()
        for number in 0..<PeersDirectory.maximumFiles { try write("", to: "x\(number)") }
        let reading = directory.read()
        #expect(reading.peers == before.peers)
        #expect(reading.faults.first?.message.contains("more than \(PeersDirectory.maximumFiles) files") == true)
    }

    // MARK: Credentials

    @Test mutating func aMissingCertificateIsReportedWithItsKeyAndTakenOnceItIsThere() throws {
        try write(Self.text(credentials: "other"), to: "kos")
        let reading = directory.read()
        #expect(reading.peers == [])
        #expect(reading.lacksCredentials)
        let fault = try #require(reading.faults.first)
        #expect(fault.key == "cert-file")
        #expect(fault.line == 3)
        #expect(fault.file == root.file("peers/kos"))
        #expect(fault.message.contains(root.file("peers/other.crt")))
        #expect(reading.credentialFiles.contains(root.file("peers/other.crt")), "it is waited for")
        _ = try TestCertificates.client("remote-athens").write(to: root, as: "peers/other")
        let after = directory.read()
        #expect(names(after) == ["kos"])
        #expect(!after.lacksCredentials)
    }

    @Test(arguments: [("client.key", "key-file"), ("client-ca.crt", "trusted-ca-file"), ("client.crt", "cert-file")])
    mutating func credentialsThatBecomeUnusableChangeNothing(_ file: String, _ key: String) throws {
        try write(to: "kos")
        let before = directory.read()
        try write("nothing", to: file)
        let reading = directory.read()
        #expect(reading.peers == before.peers)
        #expect(reading.faults.map(\.key) == [key])
        #expect(reading.faults.map(\.effect) == [.formerKept])
    }

    @Test mutating func aServersCertificateIsNoneToShowToAPeer() throws {
        _ = try TestCertificates.server("athens").write(to: root, as: "peers/server")
        try write(Self.text(credentials: "server"), to: "kos")
        #expect(directory.read().faults.first?.key == "cert-file")
    }

    @Test mutating func rotatedCredentialsAreAChangeOfThePeer() throws {
        try write(to: "kos")
        let before = try #require(directory.read().peers.first)
        _ = try TestCertificates.client("remote-athens").write(to: root, as: "peers/client")
        let after = try #require(directory.read().peers.first)
        #expect(after.configuration.credentials != before.configuration.credentials)
        #expect(after.configuration.endpoints == before.configuration.endpoints)
    }

    // MARK: Kubernetes

    @Test mutating func aVolumeWhoseLinkIsTurnedIsReadAnew() throws {
        let volume = try TemporaryDirectory()
        _ = try TestCertificates.client("remote-athens").write(to: volume, as: "client")
        try volume.write(Self.text("https://kos:1"), to: "..v1/kos")
        try volume.write(Self.text("https://kos:2"), to: "..v2/kos")
        try volume.write(Self.text("https://hurup:1"), to: "..v2/hurup")
        try FileManager.default.createSymbolicLink(atPath: volume.file("..data"), withDestinationPath: "..v1")
        for name in ["kos", "hurup"] {
            try FileManager.default.createSymbolicLink(atPath: volume.file(name), withDestinationPath: "..data/\(name)")
        }
        var directory = PeersDirectory(volume.path, of: try ClusterName("athens"))
        let before = directory.read()
        #expect(names(before) == ["kos"], "a link to nothing is nothing")
        #expect(before.faults == [])

        try FileManager.default.createSymbolicLink(atPath: volume.file("..next"), withDestinationPath: "..v2")
        try #require(rename(volume.file("..next"), volume.file("..data")) == 0)
        let after = directory.read()
        #expect(names(after) == ["hurup", "kos"])
        #expect(after.peers.last?.configuration.endpoints.first?.port == 2)
    }
}
