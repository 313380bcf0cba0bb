import Foundation
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct PlainFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func fault(_ body: () throws -> Void) -> FileError? {
        do {
            try body()
            return nil
        } catch {
            return error as? FileError
        }
    }

    @Test func readsWhatIsThereUpToTheBound() throws {
        let path = try directory.write("12345", to: "a")
        #expect(try PlainFile.bytes(of: path, atMost: 5) == Array("12345".utf8))
        let error = fault { _ = try PlainFile.bytes(of: path, atMost: 4) }
        #expect(error?.message == "the file has more than 4 bytes, the most that are read")
    }

    @Test func readsManyBuffersOfBytes() throws {
        let text = String(repeating: "0123456789", count: 30_000)
        let path = try directory.write(text, to: "large")
        #expect(try PlainFile.text(of: path, atMost: 300_000) == text)
    }

    @Test func aMissingFileIsToldApart() throws {
        let error = fault { _ = try PlainFile.bytes(of: directory.file("none"), atMost: 10) }
        #expect(error?.isMissing == true)
        #expect(error.map { "\($0)" } == directory.file("none") + ": it does not exist")
        #expect(fault { _ = try PlainFile.stamp(of: directory.file("none")) }?.isMissing == true)
    }

    @Test func aPipeIsRefusedWithoutWaitingForItsWriter() throws {
        let path = directory.file("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        #expect(fault { _ = try PlainFile.bytes(of: path, atMost: 10) }?.message == "this is not a plain file")
        #expect(fault { _ = try PlainFile.stamp(of: path) }?.message == "this is not a plain file")
    }

    @Test func aDirectoryIsNoFile() throws {
        #expect(fault { _ = try PlainFile.bytes(of: directory.path, atMost: 10) }?.isMissing == false)
    }

    @Test func aLinkIsFollowed() throws {
        let path = try directory.write("behind the link", to: "target")
        try FileManager.default.createSymbolicLink(atPath: directory.file("link"), withDestinationPath: path)
        #expect(try PlainFile.text(of: directory.file("link"), atMost: 100) == "behind the link")
        #expect(try PlainFile.stamp(of: directory.file("link")) == PlainFile.stamp(of: path))
    }

    @Test func bytesThatAreNoTextAreRefusedAsText() throws {
        let path = directory.file("bytes")
        try Data([0x61, 0xFF]).write(to: URL(fileURLWithPath: path))
        #expect(fault { _ = try PlainFile.text(of: path, atMost: 10) }?.message == "the file is not UTF-8")
    }

    @Test func namesAreSortedAndHiddenOnesLeftOut() throws {
        for name in ["b.jsonl", "a.jsonl", ".hidden.jsonl", "c.txt"] { try directory.write("", to: name) }
        #expect(try PlainFile.names(in: directory.path, endingIn: ".jsonl") == ["a.jsonl", "b.jsonl"])
        #expect(fault { _ = try PlainFile.names(in: directory.file("none"), endingIn: "") }?.isMissing == true)
        #expect(try PlainFile.names(in: directory.path, endingIn: ".jsonl", atMost: 2).count == 2)
        let tooMany = fault { _ = try PlainFile.names(in: directory.path, endingIn: ".jsonl", atMost: 1) }
        #expect(tooMany?.message == "it holds more than 1 files, the most that are looked at")
    }

    @Test func aStampTellsPermissionsAndSize() throws {
        let path = try directory.write("12345", to: "a")
        try #require(chmod(path, 0o640) == 0)
        let stamp = try PlainFile.stamp(of: path)
        #expect(stamp.permissions == 0o640)
        #expect(stamp.size == 5)
    }
}
