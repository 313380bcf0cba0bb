import Foundation
import TestSupport
import Testing

@testable import MeshTLS

@Suite struct PEMFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func refusal(_ body: () throws(TLSError) -> Void) -> TLSError? {
        do throws(TLSError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.file(name))
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }

    @Test func aMissingFileIsNamed() {
        let path = directory.file("none.crt")
        let error = refusal { () throws(TLSError) in _ = try PEMFile.text(of: path) }
        #expect(error?.code == .fileMissing)
        #expect(error?.description == "\(path): there is no such file")
    }

    @Test func aDirectoryIsNoFile() {
        let error = refusal { () throws(TLSError) in _ = try PEMFile.text(of: directory.path) }
        #expect(error?.code == .fileUnreadable)
    }

    @Test(.timeLimit(.minutes(1))) func aPipeIsNotWaitedFor() throws {
        let path = directory.file("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        let error = refusal { () throws(TLSError) in _ = try PEMFile.text(of: path) }
        #expect(error?.code == .fileUnreadable)
    }

    @Test func aFileBelowAFileCannotBeOpened() throws {
        let path = try directory.write("x", to: "file") + "/below"
        let error = refusal { () throws(TLSError) in _ = try PEMFile.text(of: path) }
        #expect(error?.code == .fileUnreadable)
        #expect(error?.cause == "Not a directory")
    }

    @Test func aFileIsReadUpToItsBoundAndNotBeyond() throws {
        let most = String(repeating: "x", count: PEMLimits.maximumFileBytes)
        #expect(try PEMFile.text(of: directory.write(most, to: "most")) == most)
        let path = try directory.write(most + "x", to: "more")
        let error = refusal { () throws(TLSError) in _ = try PEMFile.text(of: path) }
        #expect(error?.code == .fileTooLarge)
        #expect(error?.file == path)
    }

    /// Kubernetes shows secrets as symbolic links.
    @Test func aLinkIsFollowed() throws {
        try directory.write("text", to: "target")
        let link = directory.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target")
        #expect(try PEMFile.text(of: link) == "text")
    }

    @Test func aFileHasItsModeAndNothingIsLeftBesideIt() throws {
        try PEMFile.save("key", to: directory.file("a.key"), access: .owner, replacing: false)
        try PEMFile.save("certificate", to: directory.file("a.crt"), access: .everybody, replacing: false)
        #expect(try directory.read("a.key") == "key")
        #expect(try mode("a.key") == 0o600)
        #expect(try mode("a.crt") == 0o644)
        #expect(try names() == ["a.crt", "a.key"])
    }

    @Test func whatIsThereIsReplacedOnlyWhenAsked() throws {
        let path = try directory.write("old", to: "a.key")
        #expect(try mode("a.key") != 0o600)
        let error = refusal { () throws(TLSError) in
            try PEMFile.save("new", to: path, access: .owner, replacing: false)
        }
        #expect(error?.code == .fileExists)
        #expect(try directory.read("a.key") == "old")
        try PEMFile.save("new", to: path, access: .owner, replacing: true)
        #expect(try directory.read("a.key") == "new")
        #expect(try mode("a.key") == 0o600)
        #expect(try names() == ["a.key"])
    }

    /// A key that followed a link would land wherever somebody pointed it.
    @Test func aLinkIsReplacedAndNotWrittenThrough() throws {
        try directory.write("untouched", to: "target")
        let link = directory.file("a.key")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target")
        try PEMFile.save("key", to: link, access: .owner, replacing: true)
        #expect(try directory.read("target") == "untouched")
        #expect(try directory.read("a.key") == "key")
    }

    @Test func aFileThatCannotBePlacedLeavesNothing() throws {
        try FileManager.default.createDirectory(atPath: directory.file("a.key"), withIntermediateDirectories: false)
        let path = directory.file("a.key")
        let error = refusal { () throws(TLSError) in
            try PEMFile.save("key", to: path, access: .owner, replacing: true)
        }
        #expect(error?.code == .fileUnwritable)
        #expect(error?.file == path)
        #expect(try names() == ["a.key"])
    }

    @Test func directoriesAreMadeDownToTheLast() throws {
        let path = directory.file("a/b//c/")
        try PEMFile.makeDirectory(path)
        try PEMFile.makeDirectory(path)
        #expect(try PEMFile.names(in: directory.file("a")) == ["b"])
        #expect(try PEMFile.names(in: directory.file("a/b")) == ["c"])
        let error = refusal { () throws(TLSError) in _ = try PEMFile.names(in: directory.file("none")) }
        #expect(error?.code == .fileMissing)
    }

    @Test func aDirectoryIsNotMadeWhereAFileIs() throws {
        let path = try directory.write("x", to: "file")
        for place in [path, path + "/below"] {
            let error = refusal { () throws(TLSError) in try PEMFile.makeDirectory(place) }
            #expect(error?.code == .fileUnwritable)
        }
    }
}
