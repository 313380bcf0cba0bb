import Foundation
import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

@Suite struct CredentialsDirectoryTests {
    private let parent: TemporaryDirectory

    init() throws {
        parent = try TemporaryDirectory()
    }

    private static func credentials(_ name: String) -> TLSCredentials {
        TLSCredentials(certificateChain: "chain \(name)", privateKey: "key \(name)", trustedRoots: "roots \(name)")
    }

    private func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func time(_ path: String) throws -> Date {
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return try #require(FileManager.default.attributesOfItem(atPath: real)[.modificationDate] as? Date)
    }

    private var made: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: parent.path).sorted() }
    }

    @Test func credentialsAreReadableForTheirOwnerOnly() throws {
        let directory = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        #expect(text(directory.certificate) == "chain 1")
        #expect(text(directory.key) == "key 1")
        #expect(text(directory.roots) == "roots 1")
        let own = try parent.file(#require(made.first))
        #expect(try mode(own) == 0o700)
        #expect(try mode(own + "/1") == 0o700)
        for file in [directory.certificate, directory.key, directory.roots] { #expect(try mode(file) == 0o600) }
    }

    @Test func aReplacementIsSeenAtOnceAndWhole() throws {
        let directory = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        for number in 2...5 {
            try directory.replace(with: Self.credentials("\(number)"))
            #expect(text(directory.certificate) == "chain \(number)")
            #expect(text(directory.key) == "key \(number)")
            #expect(text(directory.roots) == "roots \(number)")
        }
        // The last two sets are there: a reader may be in the middle of the one before.
        let own = try parent.file(#require(made.first))
        #expect(try FileManager.default.contentsOfDirectory(atPath: own).sorted() == ["4", "5", "current"])
    }

    @Test func theFilesOfASetHaveOneTimeThatNoOtherSetHas() throws {
        let directory = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        var seen: Set<Date> = []
        for number in 2...4 {
            try directory.replace(with: Self.credentials("\(number)"))
            let time = try time(directory.key)
            #expect(try self.time(directory.certificate) == time)
            #expect(seen.insert(time).inserted)
        }
    }

    @Test func aFailureLeavesWhatWasThere() throws {
        let directory = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        let own = try parent.file(#require(made.first))
        // A plain file where the next set's directory should be made.
        try Data().write(to: URL(fileURLWithPath: own + "/2"))
        let error = #expect(throws: CredentialsDirectoryError.self) {
            try directory.replace(with: Self.credentials("2"))
        }
        #expect(error?.message.contains(own + "/2") == true)
        #expect(text(directory.key) == "key 1")
        try FileManager.default.removeItem(atPath: own + "/2")
        try directory.replace(with: Self.credentials("2"))
        #expect(text(directory.key) == "key 2")
    }

    @Test func removingLeavesNothing() throws {
        var directory: CredentialsDirectory? = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        try directory?.replace(with: Self.credentials("2"))
        directory?.remove()
        #expect(try made.isEmpty)
        #expect(throws: CredentialsDirectoryError.self) { try directory?.replace(with: Self.credentials("3")) }
        #expect(try made.isEmpty)

        directory = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        #expect(try made.count == 1)
        directory = nil
        #expect(try made.isEmpty)
    }

    @Test func aParentThatIsNotThereIsAnErrorThatNamesIt() {
        let missing = parent.file("missing")
        let error = #expect(throws: CredentialsDirectoryError.self) {
            try CredentialsDirectory(Self.credentials("1"), in: missing)
        }
        #expect(error?.message.contains(missing) == true)
        #expect(error?.message.contains("No such file") == true)
    }

    /// What a killed process leaves: the files, and nobody who claims them.
    private func makeLeftover(_ name: String, age: TimeInterval) throws -> String {
        let path = parent.file(name)
        let set = path + "/1"
        try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
        for file in ["tls.crt", "tls.key", "ca.crt"] {
            try Data("old".utf8).write(to: URL(fileURLWithPath: "\(set)/\(file)"))
        }
        try FileManager.default.createSymbolicLink(atPath: path + "/current", withDestinationPath: "1")
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
        return path
    }

    @Test func whatAKilledProcessLeftIsRemovedByTheNext() throws {
        let leftover = try makeLeftover("clustermesh-credentials-killed", age: 3_600)
        let directory = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        #expect(!FileManager.default.fileExists(atPath: leftover))
        #expect(text(directory.key) == "key 1")
    }

    @Test func whatIsInUseOrNotALeftoverStays() throws {
        let used = try CredentialsDirectory(Self.credentials("1"), in: parent.path)
        let usedPath = try parent.file(#require(made.first))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3_600)], ofItemAtPath: usedPath)
        let young = try makeLeftover("clustermesh-credentials-young", age: 0)
        let foreign = try makeLeftover("something-else", age: 3_600)
        let filled = try makeLeftover("clustermesh-credentials-filled", age: 0)
        try Data().write(to: URL(fileURLWithPath: filled + "/notes"))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3_600)], ofItemAtPath: filled)

        _ = try CredentialsDirectory(Self.credentials("2"), in: parent.path)
        #expect(text(used.key) == "key 1")
        #expect(text(young + "/1/tls.key") == "old")
        #expect(text(foreign + "/1/tls.key") == "old")
        // The key goes, what is not ours does not.
        #expect(text(filled + "/1/tls.key") == nil)
        #expect(FileManager.default.fileExists(atPath: filled + "/notes"))
    }
}
