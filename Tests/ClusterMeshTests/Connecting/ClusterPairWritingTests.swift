import Foundation
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct ClusterPairWritingTests {
    private let directory: TemporaryDirectory
    private let pair: ClusterPair

    init() throws {
        directory = try TemporaryDirectory()
        var clusters = [try ConnectableCluster.sample("athens", id: 1), try .sample("hurup", id: 2)]
        for index in clusters.indices {
            let path = directory.file(clusters[index].name.rawValue)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            clusters[index].peersDirectory = path + "/peers"
        }
        pair = try ClusterPair(clusters[0], clusters[1])
    }

    private func reason(_ body: () throws(ClusterConnectionError) -> Void) -> String {
        do throws(ClusterConnectionError) {
            try body()
            return ""
        } catch {
            return error.description
        }
    }

    @Test func eachSideGetsAFileNamedAfterTheOther() throws {
        let files = try pair.connect()
        #expect(files.map(\.path) == [directory.file("athens/peers/hurup"), directory.file("hurup/peers/athens")])
        #expect(files.map(\.outcome) == [.written, .written])
        #expect(try directory.read("athens/peers/hurup").contains("- https://hurup.example:2379\n"))
        #expect(try directory.read("hurup/peers/athens").contains("- https://athens.example:2379\n"))
    }

    @Test func connectingAgainChangesNothing() throws {
        try pair.connect()
        let path = directory.file("athens/peers/hurup")
        let before = try PlainFile.stamp(of: path)
        #expect(try pair.connect().map(\.outcome) == [.unchanged, .unchanged])
        #expect(try PlainFile.stamp(of: path) == before)
    }

    @Test func whatSaysSomethingElseStaysUnlessItIsReplaced() throws {
        try directory.write("endpoints: [https://other:1]", to: "hurup/peers/athens")
        let reason = reason { () throws(ClusterConnectionError) in try pair.connect() }
        #expect(reason.hasPrefix(directory.file("hurup/peers/athens") + ": the file is there already"))
        #expect(reason.hasSuffix("--force replaces it"))
        #expect(!FileManager.default.fileExists(atPath: directory.file("athens/peers/hurup")), "both or neither")
        #expect(try pair.connect(replacing: true).map(\.outcome) == [.written, .replaced])
        #expect(try directory.read("hurup/peers/athens").contains("- https://athens.example:2379\n"))
    }

    @Test func neitherIsWrittenIfOneCannotBe() throws {
        try directory.write("a file", to: "hurup/peers")
        let reason = reason { () throws(ClusterConnectionError) in try pair.connect() }
        #expect(reason.contains(directory.file("hurup/peers")), "\(reason)")
        #expect(!FileManager.default.fileExists(atPath: directory.file("athens/peers/hurup")))
    }

    @Test(arguments: ["as before", nil])
    func theFirstIsTakenBackIfTheSecondCannotBePlaced(before: String?) throws {
        if let before { try directory.write(before, to: "athens/peers/hurup") }
        // What is a directory meanwhile cannot be renamed over.
        try directory.write("", to: "hurup/peers/athens/x")
        let plans = ["athens/peers/hurup", "hurup/peers/athens"].enumerated().map { index, name in
            ClusterPair.Plan(
                file: .init(path: directory.file(name), reader: "r", peer: "p", outcome: .written),
                directory: (directory.file(name) as NSString).deletingLastPathComponent, text: "new",
                present: index == 0 ? before : nil)
        }
        let error = #expect(throws: FileError.self) { try ClusterPair.write(plans) }
        #expect(error?.file == directory.file("hurup/peers/athens"))
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.file("athens/peers"))
        #expect(left == (before == nil ? [] : ["hurup"]))
        if let before { #expect(try directory.read("athens/peers/hurup") == before) }
    }
}
